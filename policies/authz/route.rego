# The route: finds the endpoint and operation of a path in the index, by lookups with known keys only.
package authz

_index := data.authz_data.index

# The endpoint that the path names: more literal segments win, then a fixed number of segments over a trailing part.
_route := _fixed_route if {
	not _trailing_segment
} else := route if {
	routes := array.concat(_fixed_routes, _trailing_routes)
	rank := max([route.rank | some route in routes])
	some route in routes
	route.rank == rank
}

_fixed_route := _fixed_routes[0]

_fixed_routes := [route |
	some mask in _masks
	route := mask.routes[_literals(mask)]
]

_masks := masks if {
	not _trailing_slash
	masks := _level.groups[_segments[_level.position]]
} else := masks if {
	not _trailing_slash
	masks := _level.others
}

_trailing_slash if {
	endswith(_bare_path, "/")
	_bare_path != "/"
}

_level := _index.routes[count(_segments)]

_literals(mask) := concat("/", [_segments[position] | some position in mask.positions])

_trailing_segment if {
	some family in _index.trailing
	_segments[family.position] == "-"
}

_trailing_routes := [route |
	not _trailing_slash
	some family in _index.trailing
	_segments[family.position] == "-"
	count(_segments) > family.position + 1
	some mask in family.masks
	route := mask.routes[_literals(mask)]
]

_operation := _route.operations[_method]

_path_workspace := _segments[_route.workspace]

_workspace := value if {
	value := _path_workspace
} else := "system" if _route

default _fenced := false

_fenced if {
	some length in _index.denied.lengths
	_index.denied.prefixes[concat("/", array.slice(_segments, 0, length))]
}
