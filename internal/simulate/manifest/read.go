// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package manifest reads Waymark's resources from YAML and JSON files and judges them as an API server would, without one. It
// uses the API server's own library and the same resource definitions, so that it refuses what a cluster refuses.
package manifest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	yamlv3 "go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"

	"github.com/waymark-dev/waymark/api/v1alpha1"
)

// maxFileBytes bounds one file of manifests, which is read as a whole.
const maxFileBytes = 16 << 20

// Resource is an object as an API server would have stored it, its defaults filled in.
type Resource struct {
	// Object is the resource itself.
	Object *unstructured.Unstructured
	// Origin is where it stands.
	Origin Origin
}

// Reader reads manifests.
type Reader struct {
	// Namespace is given to objects that name none.
	Namespace string
	// Stdin is read for the file name "-".
	Stdin io.Reader
	// Skipped is told of every object that is none of Waymark's and no ConfigMap.
	Skipped func(origin Origin)
}

// Name is kind and name, such as "Funnel shop".
func (o *Origin) Name() string { return o.name }

// String writes where the object stands, as "shop.yaml:14: Funnel shop".
func (o *Origin) String() string {
	return (&Problem{File: o.file, Line: o.line, Resource: o.name}).Error()
}

// Read gives the resources of all files, in order. A directory stands for its .yaml, .yml and .json files, but for
// kustomization.yaml. The error joins every *Problem that there is, so that all can be mended at once.
func (r *Reader) Read(ctx context.Context, paths []string) ([]Resource, error) {
	files, err := expand(paths)
	if err != nil {
		return nil, err
	}
	definitions, err := Definitions()
	if err != nil {
		return nil, err
	}
	var resources []Resource
	var problems []error
	seen := map[string]*Origin{}
	for _, file := range files {
		documents, err := r.documents(file)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		for _, d := range documents {
			objects, err := d.objects()
			if err != nil {
				problems = append(problems, err)
				continue
			}
			for i := range objects {
				admitted, err := r.admit(ctx, definitions, seen, &objects[i])
				if err != nil {
					problems = append(problems, err)
				} else if admitted {
					resources = append(resources, objects[i])
				}
			}
		}
	}
	return resources, errors.Join(problems...)
}

// admit judges one object; false is one that is not Waymark's and no ConfigMap.
func (r *Reader) admit(ctx context.Context, definitions map[string]*Definition, seen map[string]*Origin, resource *Resource) (bool, error) {
	object, origin := resource.Object, &resource.Origin
	kind := object.GroupVersionKind()
	if kind.Group == "" && kind.Kind == "ConfigMap" {
		return r.admitConfigMap(seen, resource)
	}
	if kind.Group != v1alpha1.GroupName {
		if r.Skipped != nil {
			r.Skipped(*origin)
		}
		return false, nil
	}
	definition := definitions[kind.Kind]
	if definition == nil || kind.Version != v1alpha1.GroupVersion.Version {
		return false, origin.problem("kind", fmt.Sprintf("%s has no kind %q: there are %s of %s",
			object.GetAPIVersion(), kind.Kind, strings.Join(kinds(definitions), ", "), v1alpha1.GroupVersion))
	}
	if object.GetNamespace() == "" {
		object.SetNamespace(r.Namespace)
	}
	var problems []error
	for _, err := range definition.admit(ctx, object) {
		problems = append(problems, origin.Problem(err))
	}
	if len(problems) > 0 {
		return false, errors.Join(problems...)
	}
	return true, resource.isFirst(seen)
}

// admitConfigMap judges a ConfigMap, which may hold texts of messages.
func (r *Reader) admitConfigMap(seen map[string]*Origin, resource *Resource) (bool, error) {
	object, origin := resource.Object, &resource.Origin
	if object.GetNamespace() == "" {
		object.SetNamespace(r.Namespace)
	}
	if _, _, err := unstructured.NestedStringMap(object.Object, "data"); err != nil {
		return false, origin.problem("data", "every value is a text: write numbers and the like in quotes")
	}
	return true, resource.isFirst(seen)
}

// isFirst notes a resource that was admitted; the error is that it stands elsewhere, too.
func (r *Resource) isFirst(seen map[string]*Origin) error {
	key := r.Object.GetKind() + "/" + r.Object.GetNamespace() + "/" + r.Object.GetName()
	if first := seen[key]; first != nil {
		return r.Origin.problem("metadata.name", "the same resource stands at "+first.place()+" already: remove one of the two")
	}
	seen[key] = &r.Origin
	return nil
}

func (o *Origin) problem(path, message string) *Problem {
	return &Problem{File: o.file, Line: o.lineOf(path), Resource: o.name, Field: path, Message: message}
}

func (o *Origin) place() string { return (&Problem{File: o.file, Line: o.line}).Error() }

func kinds(definitions map[string]*Definition) []string {
	var all []string
	for kind := range definitions {
		all = append(all, kind)
	}
	slices.Sort(all)
	return all
}

// expand replaces directories by their files.
func expand(paths []string) ([]string, error) {
	var files []string
	for _, path := range paths {
		info, err := os.Stat(path)
		switch {
		case path == "-":
			files = append(files, path)
		case err != nil:
			return nil, fmt.Errorf("read manifests: %w", err)
		case !info.IsDir():
			files = append(files, path)
		default:
			found, err := filesIn(path)
			if err != nil {
				return nil, err
			}
			files = append(files, found...)
		}
	}
	return files, nil
}

func filesIn(directory string) ([]string, error) {
	entries, err := os.ReadDir(directory)
	if err != nil {
		return nil, fmt.Errorf("read manifests: %w", err)
	}
	var files []string
	for _, entry := range entries {
		name := entry.Name()
		kustomize := strings.TrimSuffix(name, filepath.Ext(name)) == "kustomization" // it lists manifests and is none
		if slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(name)) && !entry.IsDir() && !kustomize {
			files = append(files, filepath.Join(directory, name))
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("read manifests: %s holds no .yaml, .yml or .json file", directory)
	}
	return files, nil
}

// document is one YAML document of a file.
type document struct {
	file string
	line int    // of its first line
	text []byte // preceded by as many empty lines as the file has before it, so that parsers count lines of the file
}

func (r *Reader) documents(file string) ([]document, error) {
	source := r.Stdin
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, fmt.Errorf("read manifests: %w", err)
		}
		defer f.Close()
		source = f
	}
	text, err := io.ReadAll(io.LimitReader(source, maxFileBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read manifests from %s: %w", file, err)
	}
	if len(text) > maxFileBytes {
		return nil, &Problem{File: file, Message: fmt.Sprintf("is larger than %d MiB: manifests are not; did you mean --events?", maxFileBytes>>20)}
	}
	return split(file, text), nil
}

var documentMarker = regexp.MustCompile(`^(---|\.\.\.)(\s|$)`)

// split cuts a file at the markers between its documents and leaves out documents that hold nothing but comments.
func split(file string, text []byte) []document {
	var documents []document
	current := document{file: file, line: 1}
	finish := func() {
		if holdsContent(current.text) {
			documents = append(documents, current)
		}
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, maxFileBytes+1)
	for number := 1; lines.Scan(); number++ {
		line := lines.Bytes()
		if documentMarker.Match(line) {
			finish()
			current = document{file: file, line: number, text: bytes.Repeat([]byte("\n"), number-1)}
			line = append([]byte("   "), line[3:]...) // a document may begin on the line of its marker
		}
		current.text = append(append(current.text, line...), '\n')
	}
	finish()
	return documents
}

func holdsContent(text []byte) bool {
	for line := range bytes.Lines(text) {
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' {
			return true
		}
	}
	return false
}

// objects decodes a document; a List gives its items.
func (d *document) objects() ([]Resource, error) {
	encoded, err := yaml.YAMLToJSONStrict(d.text)
	if err != nil {
		return nil, d.syntaxProblem(err)
	}
	var content map[string]any
	if err := utiljson.Unmarshal(encoded, &content); err != nil {
		return nil, &Problem{File: d.file, Line: d.line, Message: "expected an object with apiVersion and kind: " + err.Error()}
	}
	var root yamlv3.Node
	origin := Origin{file: d.file, line: d.line}
	if err := yamlv3.Unmarshal(d.text, &root); err == nil && len(root.Content) == 1 {
		origin.node, origin.line = root.Content[0], root.Content[0].Line
	}
	object := &unstructured.Unstructured{Object: content}
	if items, listed := content["items"].([]any); listed && object.GetKind() == "List" {
		return itemsOf(items, origin)
	}
	resource, err := named(object, origin)
	if err != nil {
		return nil, err
	}
	return []Resource{resource}, nil
}

func itemsOf(items []any, list Origin) ([]Resource, error) {
	var resources []Resource
	var problems []error
	for i, item := range items {
		origin := Origin{file: list.file, line: list.lineOf(fmt.Sprintf("items[%d]", i))}
		if list.node != nil {
			if all, _ := child(list.node, "items"); all != nil {
				origin.node, _ = child(all, strconv.Itoa(i))
			}
		}
		content, isObject := item.(map[string]any)
		if !isObject {
			problems = append(problems, origin.problem("", fmt.Sprintf("items[%d] is no object", i)))
			continue
		}
		resource, err := named(&unstructured.Unstructured{Object: content}, origin)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		resources = append(resources, resource)
	}
	return resources, errors.Join(problems...)
}

// named checks what every object must have before anything else can be said about it.
func named(object *unstructured.Unstructured, origin Origin) (Resource, error) {
	name, _, _ := unstructured.NestedString(object.Object, "metadata", "name")
	origin.name = strings.TrimSpace(object.GetKind() + " " + name)
	switch {
	case object.GetAPIVersion() == "":
		return Resource{}, origin.problem("apiVersion", "is missing: write apiVersion: "+v1alpha1.GroupVersion.String())
	case object.GetKind() == "":
		return Resource{}, origin.problem("kind", "is missing: write kind: Funnel, for instance")
	}
	return Resource{Object: object, Origin: origin}, nil
}

var yamlLine = regexp.MustCompile(`line (\d+): `)

// syntaxProblem takes the line out of a YAML error.
func (d *document) syntaxProblem(err error) *Problem {
	message := strings.TrimPrefix(err.Error(), "error converting YAML to JSON: ")
	message = strings.TrimPrefix(message, "yaml: ")
	message = strings.TrimSpace(strings.TrimPrefix(message, "unmarshal errors:"))
	p := &Problem{File: d.file, Line: d.line}
	if at := yamlLine.FindStringSubmatchIndex(message); at != nil {
		p.Line, _ = strconv.Atoi(message[at[2]:at[3]])
		message = message[:at[0]] + message[at[1]:]
	}
	p.Message = "invalid YAML: " + message
	return p
}
