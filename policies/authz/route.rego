# The route: finds the endpoint of a path in the index, by lookups with known keys only.
package authz

# The endpoint that the path names: more literal segments win, then a fixed number of segments over a trailing part.
_route(index, segments) := route if {
	not _trailing_segment(index, segments)
	route := _fixed_routes(index, segments)[0]
} else := route if {
	routes := array.concat(_fixed_routes(index, segments), _trailing_routes(index, segments))
	rank := max([route.rank | some route in routes])
	some route in routes
	route.rank == rank
}

_fixed_routes(index, segments) := [route |
	level := index.routes[count(segments)]
	some mask in _masks(level, segments)
	route := object.get(mask.routes, _literals(mask.runs, segments), false)
	route
]

_masks(level, segments) := masks if {
	masks := level.groups[segments[level.position]]
} else := level.others

_trailing_segment(index, segments) if {
	some family in index.trailing
	segments[family.position] == "-"
}

_trailing_routes(index, segments) := [route |
	some family in index.trailing
	segments[family.position] == "-"
	count(segments) > family.position + 1
	some mask in family.masks
	route := object.get(mask.routes, _literals(mask.runs, segments), false)
	route
]

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

_fenced(index, segments) if {
	some length in index.denied.lengths
	index.denied.prefixes[concat("/", array.slice(segments, 0, length))]
}
