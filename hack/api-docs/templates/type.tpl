{{- define "type" -}}
{{- if markdownShouldRenderType . -}}
{{ if .GVK }}## {{ else }}### {{ end }}{{ .Name }}

{{ .Doc }}
{{- with index .Markers "kubebuilder:validation:XValidation" }}
{{ range . }}
- Rule: {{ .Message }}
{{- end }}
{{ end }}
{{- if .IsAlias }}{{ with .Validation }}

Bounds: {{ template "bounds" . }}
{{ end }}{{ end }}
{{- with .SortedReferences }}

In {{ range $i, $type := . }}{{ if $i }}, {{ end }}{{ markdownRenderTypeLink $type }}{{ end }}.
{{ end }}
{{- with .Members }}
| Field | Type | Meaning | Default | Bounds |
| --- | --- | --- | --- | --- |
{{- range . }}{{ if ne .Name "metadata" }}
{{ template "member" . }}
{{- end }}{{ end }}
{{ end }}
{{- if .Validation | join ";" | contains "Enum:" }}{{ with .EnumValues }}
| Value | Meaning |
| --- | --- |
{{- range . }}
| `{{ .Name }}` | {{ markdownRenderFieldDoc .Doc | replace "<br />" " " | trim }} |
{{- end }}
{{ end }}{{ end }}
{{- end -}}
{{- end -}}

{{- define "member" -}}
| `{{ .Name }}` | {{ markdownRenderType .Type }} | {{ markdownRenderFieldDoc .Doc | replace "<br />" " " }}
{{- /* Rules and bounds of a type of ours stand where the type does. */ -}}
{{- if or .Type.IsBasic (eq (toString .Type.Kind) "SLICE") }}{{ range index .Markers "kubebuilder:validation:XValidation" }} Rule: {{ .Message }}.{{ end }}{{ end }} | {{ markdownRenderDefault .Default | replace "\\" "" }} | {{ if .Type.IsAlias }}{{ template "ownBounds" .Validation }}{{ else }}{{ template "bounds" .Validation }}{{ end }} |
{{- end -}}

{{- define "bounds" -}}
{{- $bounds := list -}}
{{- range . -}}
{{- if hasPrefix "Required" . }}{{ $bounds = append $bounds "required" }}
{{- else if hasPrefix "Optional" . }}
{{- else }}{{ $bounds = append $bounds (markdownRenderFieldDoc . | replace "\\{" "{" | replace "\\}" "}" | replace "\\|" "|") }}{{ end -}}
{{- end -}}
{{ $bounds | join "; " }}
{{- end -}}

{{- define "ownBounds" -}}
{{- range . }}{{ if hasPrefix "Required" . }}required{{ end }}{{ end -}}
{{- end -}}
