package main

import (
	"context"
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// answer says where sets are in what OPA's interpreter answers: by variable, nil where there are none.
func answer(ctx context.Context, s source, capabilities *ast.Capabilities) any {
	bindings, err := evaluate(ctx, s, capabilities)
	if err != nil || len(bindings) != 1 {
		return nil
	}
	found := map[string]any{}
	for name, term := range bindings[0] {
		if sets := setsIn(term); sets != nil {
			found[string(name)] = sets
		}
	}
	if len(found) == 0 {
		return nil
	}
	return found
}

func evaluate(ctx context.Context, s source, capabilities *ast.Capabilities) (topdown.QueryResultSet, error) {
	texts := map[string]string{}
	for i, text := range s.Modules {
		texts[fmt.Sprintf("test-%d.rego", i)] = text
	}
	options := ast.ParserOptions{RegoVersion: s.rego, Capabilities: capabilities}
	compiler, err := ast.CompileModulesWithOpt(texts, ast.CompileOpts{ParserOptions: options})
	if err != nil {
		return nil, err
	}
	query, err := compiler.QueryCompiler().Compile(ast.MustParseBody(s.Query))
	if err != nil {
		return nil, err
	}
	data := map[string]any{}
	if s.Data != nil {
		data = *s.Data
	}
	store := inmem.NewFromObject(data)
	var input *ast.Term
	if s.InputTerm != nil {
		input = ast.MustParseTerm(*s.InputTerm)
	} else if s.Input != nil {
		input = ast.NewTerm(ast.MustInterfaceToValue(*s.Input))
	}
	return topdown.NewQuery(query).WithCompiler(compiler).WithStore(store).WithTransaction(storage.NewTransactionOrDie(ctx, store)).WithInput(input).Run(ctx)
}

// setsIn mirrors a term: {"set": …members} for a set, {"at": {key or index: …}} for what holds sets, nil for the rest.
func setsIn(term *ast.Term) any {
	inside := map[string]any{}
	add := func(key string, member *ast.Term) {
		if sets := setsIn(member); sets != nil {
			inside[key] = sets
		}
	}
	switch value := term.Value.(type) {
	case ast.Set:
		for i, member := range value.Slice() {
			add(fmt.Sprint(i), member)
		}
		return map[string]any{"set": true, "at": inside}
	case *ast.Array:
		for i := range value.Len() {
			add(fmt.Sprint(i), value.Elem(i))
		}
	case ast.Object:
		value.Foreach(func(key, member *ast.Term) {
			if name, ok := key.Value.(ast.String); ok {
				add(string(name), member)
			}
		})
	}
	if len(inside) == 0 {
		return nil
	}
	return map[string]any{"set": false, "at": inside}
}
