# The route: finds the endpoint of a path in the index. Whatever a reference to data ends at, a stock OPA copies into its own terms;
# so every reference goes on to what is needed, and nothing big is bound to a name.
package authz

# The endpoint that the path names: more literal segments win, then a fixed number of segments over a trailing part.
_route(segments) := route if {
	route := _fixed_routes(segments)[0]
	not route.contested
} else := route if {
	routes := array.concat(_fixed_routes(segments), _trailing_routes(segments))
	rank := max([route.rank | some route in routes])
	some route in routes
	route.rank == rank
}

_operation(route, method) := data.authz_data.index.operations[route.operations][method]

_fixed_routes(segments) := [route |
	some mask in _masks(segments)
	route := _masked_route(mask, segments)
]

_masks(segments) := masks if {
	telling := segments[data.authz_data.index.levels[count(segments)].position]
	masks := data.authz_data.index.levels[count(segments)].groups[telling]
} else := data.authz_data.index.levels[count(segments)].others

_trailing_routes(segments) := [route |
	some family in data.authz_data.index.trailing
	segments[family.position] == "-"
	count(segments) > family.position + 1
	some mask in family.masks
	route := _masked_route(mask, segments)
]

_masked_route(mask, segments) := data.authz_data.index.routes[mask.number][concat("/", _literals(mask.runs, segments))]

# The segments at the runs [start, end, start, end, …]; native calls for the usual one to three runs.
_literals(runs, segments) := array.concat(array.slice(segments, runs[0], runs[1]), array.slice(segments, runs[2], runs[3])) if {
	count(runs) == 4
} else := array.slice(segments, runs[0], runs[1]) if {
	count(runs) == 2
} else := array.concat(array.concat(array.slice(segments, runs[0], runs[1]), array.slice(segments, runs[2], runs[3])), array.slice(segments, runs[4], runs[5])) if {
	count(runs) == 6
} else := [segment |
	some i, start in runs
	i % 2 == 0
	some segment in array.slice(segments, start, runs[i + 1])
]

# Every segment that stands for a placeholder is canonical, the workspace and the trailing part included.
_path_fits(route, segments) if {
	segments[0] == ""
	every position in route.placeholders {
		_segment_canonical(segments[position])
	}
	_workspace_fits(route, segments)
	_trailing_fits(route, segments)
}

_workspace_fits(route, segments) if {
	_name_canonical(segments[route.workspace])
} else if {
	not route.workspace
}

_trailing_fits(route, segments) if {
	not route.trailing
} else if {
	every segment in array.slice(segments, route.trailing, count(segments)) {
		_segment_canonical(segment)
	}
}

_workspace(route, segments) := value if {
	value := segments[route.workspace]
} else := "system"

_fenced(segments) if {
	some length in data.authz_data.index.denied.lengths
	data.authz_data.index.denied.prefixes[concat("/", array.slice(segments, 0, length))]
}
