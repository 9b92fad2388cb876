// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package expression

import (
	"fmt"
	"reflect"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	"github.com/valyala/fastjson"
)

// valueOfJSON gives CEL a view of parsed JSON. Objects are looked into lazily; what no expression asks for is never converted.
func valueOfJSON(v *fastjson.Value) ref.Val {
	switch v.Type() {
	case fastjson.TypeNull:
		return types.NullValue
	case fastjson.TypeTrue:
		return types.True
	case fastjson.TypeFalse:
		return types.False
	case fastjson.TypeNumber:
		return types.Double(parseDouble(v.MarshalTo(nil)))
	case fastjson.TypeString:
		return types.String(v.GetStringBytes())
	case fastjson.TypeArray:
		items := v.GetArray()
		list := make([]ref.Val, len(items))
		for i, item := range items {
			list[i] = valueOfJSON(item)
		}
		return types.NewRefValList(adapter{}, list)
	case fastjson.TypeObject:
		return &object{v.GetObject()}
	}
	return types.NewErr("unknown kind of JSON value")
}

// object is a JSON object as a CEL map.
type object struct{ json *fastjson.Object }

var _ traits.Mapper = (*object)(nil)

// Find implements traits.Mapper. A null is not found.
func (o *object) Find(key ref.Val) (ref.Val, bool) {
	name, ok := key.(types.String)
	if !ok {
		return nil, false
	}
	v := o.json.Get(string(name))
	if v == nil || v.Type() == fastjson.TypeNull {
		return nil, false
	}
	return valueOfJSON(v), true
}

// Get implements traits.Indexer.
func (o *object) Get(key ref.Val) ref.Val {
	if v, found := o.Find(key); found {
		return v
	}
	return types.NewErr("no such key: %v", key)
}

// Contains implements traits.Container.
func (o *object) Contains(key ref.Val) ref.Val {
	_, found := o.Find(key)
	return types.Bool(found)
}

// Size implements traits.Sizer. It counts the keys that Find finds.
func (o *object) Size() ref.Val { return types.Int(len(o.keys())) }

// keys are in the order of the document, so that what CEL does with them never depends on a map's order.
func (o *object) keys() []ref.Val {
	var keys []ref.Val
	seen := map[string]bool{}
	o.json.Visit(func(key []byte, v *fastjson.Value) {
		if name := string(key); v.Type() != fastjson.TypeNull && !seen[name] {
			seen[name] = true
			keys = append(keys, types.String(name))
		}
	})
	return keys
}

// Iterator implements traits.Iterable.
func (o *object) Iterator() traits.Iterator {
	return types.NewRefValList(adapter{}, o.keys()).Iterator()
}

// Equal implements ref.Val: the same keys with equal values.
func (o *object) Equal(other ref.Val) ref.Val {
	m, ok := other.(traits.Mapper)
	if !ok {
		return types.False
	}
	keys := o.keys()
	if m.Size() != types.Int(len(keys)) {
		return types.False
	}
	for _, key := range keys {
		theirs, found := m.Find(key)
		if !found || types.Equal(o.Get(key), theirs) != types.True {
			return types.False
		}
	}
	return types.True
}

// ConvertToType implements ref.Val.
func (o *object) ConvertToType(t ref.Type) ref.Val {
	switch t {
	case types.MapType:
		return o
	case types.TypeType:
		return types.MapType
	}
	return types.NewErr("type conversion error from map to %s", t.TypeName())
}

// ConvertToNative implements ref.Val.
func (o *object) ConvertToNative(t reflect.Type) (any, error) {
	return nil, fmt.Errorf("an object cannot be converted to %v", t)
}

// Type implements ref.Val.
func (o *object) Type() ref.Type { return types.MapType }

// Value implements ref.Val.
func (o *object) Value() any { return o.json }

// adapter turns what the activation gives into CEL values.
type adapter struct{}

// NativeToValue implements types.Adapter.
func (adapter) NativeToValue(v any) ref.Val {
	switch v := v.(type) {
	case *fastjson.Value:
		return valueOfJSON(v)
	case error:
		return types.WrapErr(v)
	case map[string]string:
		if v == nil {
			return types.NewStringStringMap(types.DefaultTypeAdapter, map[string]string{})
		}
	}
	return types.DefaultTypeAdapter.NativeToValue(v)
}
