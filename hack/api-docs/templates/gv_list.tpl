{{- define "gvList" -}}
# The API

<!-- Generated from api/v1alpha1 by `make api-docs`. -->
{{ range . }}
{{ template "groupVersion" . }}
{{ end }}
{{- end -}}

{{- define "groupVersion" -}}
`{{ .GroupVersionString }}`: {{ range $i, $kind := .SortedKinds }}{{ if $i }}, {{ end }}{{ $.TypeForKind $kind | markdownRenderTypeLink }}{{ end }}.
`kubectl explain funnel.spec.stages` says the same at the terminal.
{{ $group := . }}
{{- range .SortedKinds }}
{{ template "type" ($group.TypeForKind .) }}
{{- end }}
## Parts
{{ range .SortedTypes }}{{ if not .GVK }}
{{ template "type" . }}
{{- end }}{{ end }}
{{- end -}}
