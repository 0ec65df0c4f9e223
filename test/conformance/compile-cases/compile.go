package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/bundle"
	"github.com/open-policy-agent/opa/v1/compile"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/types"
)

const wrapper = "portcullis_case"

// wholeEntrypoint is what a compiled query is called; `opa build` has no entrypoint that is the whole of data.
const wholeEntrypoint = "eval"

func compileCase(ctx context.Context, s source) compiledCase {
	c := compiledCase{Case: Case{
		Version: s.version, File: s.file, Note: s.Note, Data: s.Data, Result: s.WantResult, ErrorCode: s.WantErrorCode, Error: s.WantError,
		Strict: s.StrictError, Sorted: s.SortBindings, Env: s.Env,
	}}
	if err := c.compile(ctx, s); err != nil {
		c.Failure = err.Error()
	}
	return c
}

func (c *compiledCase) compile(ctx context.Context, s source) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	if c.Input, err = inputOf(s); err != nil {
		return err
	}
	capabilities := ast.CapabilitiesForThisVersion(ast.CapabilitiesExperimentalKeywords(s.ExperimentalKeywords))
	options := ast.ParserOptions{RegoVersion: s.rego, Capabilities: capabilities}
	modules, err := parsed(s.Modules, options)
	if err != nil {
		return err
	}
	entrypoint, binding, wrapping, err := entrypointOf(s.Query, options)
	if err != nil {
		return err
	}
	c.Entrypoint, c.Binding = entrypoint, binding
	if wrapping != "" {
		module, err := ast.ParseModuleWithOpts("case.rego", wrapping, ast.ParserOptions{RegoVersion: ast.RegoV1, Capabilities: capabilities})
		if err != nil {
			return err
		}
		modules = append(modules, bundle.ModuleFile{URL: "case.rego", Path: "case.rego", Raw: []byte(wrapping), Parsed: module})
	}
	c.Sets = answer(ctx, s, capabilities)
	if entrypoint == wholeEntrypoint {
		c.wasm, err = compileWhole(ctx, s, options)
		return err
	}
	built := bundle.Bundle{Modules: modules, Data: map[string]any{}}
	built.Manifest.Init()
	compiler := compile.New().WithTarget(compile.TargetWasm).WithRegoVersion(s.rego).WithEntrypoints(entrypoint).
		WithBundle(&built).WithCapabilities(capabilities).WithOutput(&bytes.Buffer{})
	if err := compiler.Build(ctx); err != nil {
		return err
	}
	c.wasm = compiler.Bundle().WasmModules[0].Raw
	return nil
}

func inputOf(s source) (*string, error) {
	if s.InputTerm != nil {
		term, err := ast.ParseTerm(*s.InputTerm)
		if err != nil {
			return nil, err
		}
		text := term.String()
		return &text, nil
	}
	if s.Input == nil {
		return nil, nil
	}
	text, err := json.Marshal(*s.Input)
	asText := string(text)
	return &asText, err
}

func parsed(texts []string, options ast.ParserOptions) ([]bundle.ModuleFile, error) {
	files := make([]bundle.ModuleFile, len(texts))
	for i, text := range texts {
		name := fmt.Sprintf("test-%d.rego", i)
		module, err := ast.ParseModuleWithOpts(name, text, options)
		if err != nil {
			return nil, err
		}
		files[i] = bundle.ModuleFile{URL: name, Path: name, Raw: []byte(text), Parsed: module}
	}
	return files, nil
}

// entrypointOf gives the path that a query like `data.test.p = x` asks for; for every other query a module whose rule gives the set of its bindings.
func entrypointOf(query string, options ast.ParserOptions) (path, binding, module string, err error) {
	body, err := ast.ParseBodyWithOpts(query, options)
	if err != nil {
		return "", "", "", err
	}
	path, variable, ok := document(body)
	if ok && path == "" {
		return wholeEntrypoint, variable, "", nil
	}
	if ok {
		return path, variable, "", nil
	}
	var pairs []string
	for v := range body.Vars(ast.VarVisitorParams{SkipRefCallHead: true, SkipClosures: true}) {
		if name := string(v); !v.IsWildcard() && !v.IsGenerated() && name != "data" && name != "input" {
			pairs = append(pairs, fmt.Sprintf("%q: %s", name, name))
		}
	}
	return wrapper + "/bindings", "", fmt.Sprintf("package %s\n\nbindings contains {%s} if {\n%s\n}\n", wrapper, strings.Join(pairs, ", "), query), nil
}

func document(body ast.Body) (path, variable string, ok bool) {
	if len(body) != 1 || !body[0].IsEquality() || len(body[0].With) > 0 {
		return "", "", false
	}
	left, right := body[0].Operand(0), body[0].Operand(1)
	ref, isRef := left.Value.(ast.Ref)
	name, isVar := right.Value.(ast.Var)
	if !isRef || !isVar || !ref.IsGround() || !ref[0].Equal(ast.DefaultRootDocument) || name.IsWildcard() {
		return "", "", false
	}
	segments := make([]string, 0, len(ref)-1)
	for _, term := range ref[1:] {
		segment, isString := term.Value.(ast.String)
		if !isString {
			return "", "", false
		}
		segments = append(segments, string(segment))
	}
	return strings.Join(segments, "/"), string(name), true
}

func compileWhole(ctx context.Context, s source, options ast.ParserOptions) ([]byte, error) {
	settings := []func(*rego.Rego){rego.Query("result = data"), rego.SetRegoVersion(s.rego), rego.Capabilities(options.Capabilities)}
	for i, text := range s.Modules {
		settings = append(settings, rego.Module(fmt.Sprintf("test-%d.rego", i), text))
	}
	result, err := rego.New(settings...).Compile(ctx)
	if err != nil {
		return nil, err
	}
	return result.Bytes, nil
}

func declareTestBuiltins() {
	rego.RegisterBuiltin1(&rego.Function{Name: "test.sleep", Decl: types.NewFunction(types.Args(types.S), types.NewNull())},
		func(rego.BuiltinContext, *ast.Term) (*ast.Term, error) { return ast.NullTerm(), nil })
}
