// Compiles OPA's conformance cases to WASM, as `opa build -t wasm` does, and writes them with OPA's own answers.
//
//	go run . <folder of cases> <folder to write into>
//
// modules.bin holds pieces of modules, each piece once; cases.json says which pieces make the module of each case.
package main

import (
	"context"
	"encoding/json"
	"log"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/test/cases"
)

// Case is one test case, as the test in Node reads it.
type Case struct {
	Version    string            `json:"version"`
	File       string            `json:"file"`
	Note       string            `json:"note"`
	Entrypoint string            `json:"entrypoint"`
	Binding    string            `json:"binding,omitempty"` // the variable that the entrypoint's value is bound to; none: the entrypoint gives all bindings
	Data       *map[string]any   `json:"data,omitempty"`
	Input      *string           `json:"input,omitempty"` // JSON, or the text of a term
	Result     *[]map[string]any `json:"result,omitempty"`
	ErrorCode  *string           `json:"errorCode,omitempty"`
	Error      *string           `json:"error,omitempty"`
	Strict     bool              `json:"strict,omitempty"`
	Sorted     bool              `json:"sorted,omitempty"`
	Env        map[string]string `json:"env,omitempty"`
	Sets       any               `json:"sets,omitempty"`   // where sets are in OPA's own answer
	Pieces     []int             `json:"pieces,omitempty"` // start, end, start, end… in modules.bin
	Failure    string            `json:"failure,omitempty"`
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: go run . <folder of cases> <folder to write into>")
	}
	declareTestBuiltins()
	compiled := compileAll(readAll(os.Args[1]))
	modules := newPieces()
	written := make([]Case, len(compiled))
	for i, c := range compiled {
		written[i] = c.Case
		if c.wasm == nil {
			continue
		}
		pieces, err := modules.add(c.wasm)
		check(err)
		written[i].Pieces = pieces
	}
	text, err := json.Marshal(written)
	check(err)
	check(os.WriteFile(filepath.Join(os.Args[2], "modules.bin"), modules.bytes, 0o644))
	check(os.WriteFile(filepath.Join(os.Args[2], "cases.json"), text, 0o644))
}

type source struct {
	version string
	file    string
	rego    ast.RegoVersion
	cases.TestCase
}

func readAll(folder string) []source {
	versions := map[string]ast.RegoVersion{"v0": ast.RegoV0, "v1": ast.RegoV1}
	var all []source
	for _, version := range []string{"v0", "v1"} {
		set, err := cases.Load(filepath.Join(folder, version))
		check(err)
		for _, c := range set.Sorted().Cases {
			file, err := filepath.Rel(folder, c.Filename)
			check(err)
			all = append(all, source{version, filepath.ToSlash(file), versions[version], c})
		}
	}
	return all
}

type compiledCase struct {
	Case
	wasm []byte
}

func compileAll(sources []source) []compiledCase {
	done := make([]compiledCase, len(sources))
	var group sync.WaitGroup
	next := make(chan int)
	for range runtime.NumCPU() {
		group.Go(func() {
			for i := range next {
				done[i] = compileCase(context.Background(), sources[i])
			}
		})
	}
	for i := range sources {
		next <- i
	}
	close(next)
	group.Wait()
	return done
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
