# Endpoints as the reference matches them: all templates count for the workspace, the fewest placeholders win, a tie fails.
# Whatever a reference to data ends at, a stock OPA copies into its own terms; so every reference goes on to what is needed.
package authz

_segments(path) := split(split(path, "?")[0], "/")

# Undefined without an index, so that nothing passes.
_matches(segments) := array.concat(
	[route |
		some mask in _masks(segments)
		some route in _routes_of(mask, segments)
	],
	[route |
		some family in data.authz_data.index.trailing
		segments[family.position] == "-"
		count(segments) > family.position + 1
		some mask in family.masks
		some route in _routes_of(mask, segments)
	],
) if data.authz_data.index.trailing

_masks(segments) := masks if {
	telling := segments[data.authz_data.index.levels[count(segments)].position]
	masks := data.authz_data.index.levels[count(segments)].groups[telling]
} else := data.authz_data.index.levels[count(segments)].others

_routes_of(mask, segments) := data.authz_data.index.routes[mask.number][concat("/", _literals(mask.runs, segments))] if {
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

_fenced(segments) if {
	some length in data.authz_data.index.denied.lengths
	data.authz_data.index.denied.prefixes[concat("/", array.slice(segments, 0, length))]
}
