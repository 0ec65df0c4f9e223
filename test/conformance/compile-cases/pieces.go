package main

import (
	"encoding/binary"
	"errors"
)

// pieces keeps the parts of WASM modules, each once: modules of OPA's share most of their functions and data.
type pieces struct {
	bytes  []byte
	places map[string]int
}

func newPieces() *pieces {
	return &pieces{places: map[string]int{}}
}

// add gives the places of a module's parts: start, end, start, end…
func (p *pieces) add(module []byte) ([]int, error) {
	parts, err := split(module)
	if err != nil {
		return nil, err
	}
	var found []int
	for _, part := range parts {
		place, known := p.places[string(part)]
		if !known {
			place = len(p.bytes)
			p.places[string(part)] = place
			p.bytes = append(p.bytes, part...)
		}
		if last := len(found) - 1; last > 0 && found[last] == place {
			found[last] += len(part)
			continue
		}
		found = append(found, place, place+len(part))
	}
	return found, nil
}

const (
	headerLength = 8
	codeSection  = 10
	dataSection  = 11
	blockLength  = 1024
)

// split cuts a module into its sections, that of code into functions, and that of data into blocks.
func split(module []byte) ([][]byte, error) {
	parts := [][]byte{module[:headerLength]}
	for at := headerLength; at < len(module); {
		start, end, err := sized(module, at+1)
		if err != nil {
			return nil, err
		}
		switch module[at] {
		case codeSection:
			count, length := binary.Uvarint(module[start:])
			next := start + length
			parts = append(parts, module[at:next])
			for range count {
				_, after, err := sized(module, next)
				if err != nil {
					return nil, err
				}
				parts = append(parts, module[next:after])
				next = after
			}
		case dataSection:
			parts = append(parts, module[at:start])
			for next := start; next < end; next += blockLength {
				parts = append(parts, module[next:min(next+blockLength, end)])
			}
		default:
			parts = append(parts, module[at:end])
		}
		at = end
	}
	return parts, nil
}

func sized(module []byte, at int) (start, end int, err error) {
	size, length := binary.Uvarint(module[at:])
	start = at + length
	end = start + int(size)
	if length <= 0 || end > len(module) {
		return 0, 0, errors.New("a part of the module ends beyond it")
	}
	return start, end, nil
}
