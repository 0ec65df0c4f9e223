# Endpoints as the reference matches them: all templates count for the workspace, the fewest placeholders win, a tie fails.
package authz

_segments(path) := split(split(path, "?")[0], "/")

_matches(index, segments) := array.concat(
	[route |
		level := index.routes[count(segments)]
		some mask in _masks(level, segments)
		some route in _routes_of(mask, segments)
	],
	[route |
		some family in index.trailing
		segments[family.position] == "-"
		count(segments) > family.position + 1
		some mask in family.masks
		some route in _routes_of(mask, segments)
	],
)

_masks(level, segments) := masks if {
	masks := level.groups[segments[level.position]]
} else := level.others

_routes_of(mask, segments) := object.get(mask.routes, _literals(mask.runs, segments), []) if {
	segments[0] == ""
	every position in mask.filled {
		segments[position] != ""
	}
}

_literals(runs, segments) := array.concat(array.slice(segments, runs[0], runs[1]), array.slice(segments, runs[2], runs[3])) if {
	count(runs) == 4
} else := array.slice(segments, runs[0], runs[1]) if {
	count(runs) == 2
} else := [segment |
	some i, start in runs
	i % 2 == 0
	some segment in array.slice(segments, start, runs[i + 1])
]

# Undefined on a tie.
_winner(routes) := best[0] if {
	fewest := min([route.rank | some route in routes])
	best := [route | some route in routes; route.rank == fewest]
	count(best) == 1
}

# Undefined when two templates name different workspaces; empty when none names one.
_workspace(routes, segments) := workspace if {
	named := {segments[position] |
		some route in routes
		some position in route.named
	}
	count(named) > 0
	count(named) == 1
	some workspace in named
} else := workspace if {
	every route in routes {
		count(route.named) == 0
	}
	after := {segments[position] |
		some route in routes
		some position in route.after_workspaces
	}
	count(after) == 1
	some workspace in after
} else := "" if {
	every route in routes {
		count(route.named) + count(route.after_workspaces) == 0
	}
}

_fenced(index, segments) if {
	some length in index.denied.lengths
	index.denied.prefixes[concat("/", array.slice(segments, 0, length))]
}
