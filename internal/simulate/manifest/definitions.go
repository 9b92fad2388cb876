// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package manifest

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"sync"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	schemacel "k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	schemavalidation "k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celbudget "k8s.io/apiserver/pkg/apis/cel"
	"sigs.k8s.io/yaml"

	"github.com/waymark-dev/waymark/config/crd"
)

// Definition is what an API server knows of one kind, with the API server's own means to judge an object of it.
type Definition struct {
	// Columns are what "kubectl get" prints besides the name.
	Columns []apiextensionsv1.CustomResourceColumnDefinition
	// Singular is the lower-case name of the kind, such as funnel.
	Singular string

	structural *structuralschema.Structural
	schema     schemavalidation.SchemaValidator
	rules      *schemacel.Validator
}

// Definitions gives the definitions of every kind of Waymark, by kind.
var Definitions = sync.OnceValues(func() (map[string]*Definition, error) {
	files, err := fs.Glob(crd.Bases, "bases/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list the resource definitions: %w", err)
	}
	byKind := map[string]*Definition{}
	for _, file := range files {
		text, err := crd.Bases.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read the resource definition %s: %w", file, err)
		}
		var resource apiextensionsv1.CustomResourceDefinition
		if err := yaml.Unmarshal(text, &resource); err != nil {
			return nil, fmt.Errorf("decode the resource definition %s: %w", file, err)
		}
		d, err := newDefinition(&resource)
		if err != nil {
			return nil, fmt.Errorf("use the resource definition %s: %w", file, err)
		}
		byKind[resource.Spec.Names.Kind] = d
	}
	return byKind, nil
})

func newDefinition(resource *apiextensionsv1.CustomResourceDefinition) (*Definition, error) {
	for i := range resource.Spec.Versions {
		version := &resource.Spec.Versions[i]
		if !version.Storage {
			continue
		}
		var schema apiextensions.JSONSchemaProps
		if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(version.Schema.OpenAPIV3Schema, &schema, nil); err != nil {
			return nil, fmt.Errorf("convert its schema: %w", err)
		}
		structural, err := structuralschema.NewStructural(&schema)
		if err != nil {
			return nil, fmt.Errorf("read its schema: %w", err)
		}
		validator, _, err := schemavalidation.NewSchemaValidator(&schema)
		if err != nil {
			return nil, fmt.Errorf("make a validator of its schema: %w", err)
		}
		return &Definition{
			Columns:    version.AdditionalPrinterColumns,
			Singular:   resource.Spec.Names.Singular,
			structural: structural,
			schema:     validator,
			rules:      schemacel.NewValidator(structural, true, celbudget.PerCallLimit),
		}, nil
	}
	return nil, fmt.Errorf("%s has no stored version", resource.Name)
}

// admit does to a new object what an API server with strict field validation does: it refuses unknown fields, fills in
// defaults, gives it its first generation, and checks the schema and every rule.
func (d *Definition) admit(ctx context.Context, object *unstructured.Unstructured) field.ErrorList {
	meta, _, unknown, err := objectmeta.GetObjectMetaWithOptions(object.Object, objectmeta.ObjectMetaOptions{ReturnUnknownFieldPaths: true})
	if err != nil {
		return field.ErrorList{field.Invalid(field.NewPath("metadata"), field.OmitValueType{}, err.Error())}
	}
	unknown = append(unknown, pruning.PruneWithOptions(object.Object, d.structural, true, structuralschema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})...)
	defaulting.PruneNonNullableNullsWithoutDefaults(object.Object, d.structural)
	defaulting.Default(object.Object, d.structural)
	delete(object.Object, "status")
	object.SetGeneration(1)

	var errs field.ErrorList
	for _, path := range unknown {
		errs = append(errs, &field.Error{Type: field.ErrorTypeForbidden, Field: path, Detail: "unknown field"})
	}
	errs = append(errs, validation.ValidateObjectMeta(meta, true, validation.NameIsDNSSubdomain, field.NewPath("metadata"))...)
	return d.validate(ctx, object, errs)
}

// Validate checks an object, its status included if it has one, against the schema and, as far as they can be evaluated, against
// every rule.
func (d *Definition) Validate(ctx context.Context, object *unstructured.Unstructured) field.ErrorList {
	return d.validate(ctx, object, nil)
}

// validate adds to the errors that were found before.
func (d *Definition) validate(ctx context.Context, object *unstructured.Unstructured, errs field.ErrorList) field.ErrorList {
	errs = append(errs, schemavalidation.ValidateCustomResource(nil, object.Object, d.schema)...)
	errs = append(errs, listtype.ValidateListSetsAndMaps(nil, d.structural, object.Object)...)
	if slices.ContainsFunc(errs, hindersRules) {
		return errs
	}
	broken, _ := d.rules.Validate(ctx, nil, d.structural, object.Object, nil, celbudget.RuntimeCELCostBudget)
	return append(errs, broken...)
}

// hindersRules says whether an error leaves an object in a shape that rules cannot be evaluated on, or not at a bounded cost.
func hindersRules(err *field.Error) bool {
	return slices.Contains([]field.ErrorType{
		field.ErrorTypeNotSupported, field.ErrorTypeRequired, field.ErrorTypeTooLong, field.ErrorTypeTooMany, field.ErrorTypeTypeInvalid,
	}, err.Type)
}
