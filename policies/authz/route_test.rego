package authz_test

# Templates as the loader compiles them: those with literal segments at the same positions have one mask, most literals first.
place(endpoint, rank, placeholders) := {"endpoint": endpoint, "rank": rank, "placeholders": placeholders, "operations": 0}

places := {
	"grants": {"*": {}},
	"includers": {},
	"levels": [
		null,
		null,
		{"position": 1, "groups": {"": [only_root]}, "others": []},
		null,
		{"position": 2, "groups": {"b": [a_b_c, a_any_c], "d": [a_any_c, a_d_any]}, "others": [a_any_c]},
		{"position": 1, "groups": {"o": [o_list]}, "others": []},
		{"position": 1, "groups": {"s": [s_t_u]}, "others": [any_five]},
		null,
		{"position": 1, "groups": {"v": [v_w_x_y]}, "others": []},
	],
	"trailing": [
		{"position": 2, "masks": [{"number": 8, "runs": [1, 2]}]},
		{"position": 3, "masks": [{"number": 9, "runs": [1, 3]}, {"number": 10, "runs": [1, 2]}]},
	],
	"routes": [
		{"": place("/", 3, [])},
		{"a/c": place("/a/{x}/c", 5, [2])},
		{"a/d": place("/a/d/{y}", 5, [3])},
		{"a/b/c": place("/a/b/c", 7, [])},
		{"o/-/list": place("/o/-/list/{x}", 7, [4])},
		{"s/t/u": place("/s/{x}/t/{y}/u", 7, [2, 4])},
		{"": object.union(place("/{a}/{b}/{c}/{d}/{e}", 1, [1, 2, 3, 4, 5]), {"contested": true})},
		{"v/w/x/y": place("/v/{a}/w/{b}/x/{c}/y", 9, [2, 4, 6])},
		{"o": object.union(place("/o/-/{rest}", 4, []), {"trailing": 3})},
		{"a/b": object.union(place("/a/b/-/{rest}", 6, []), {"trailing": 4})},
		{"a": object.union(place("/a/{x}/-/{rest}", 4, [2]), {"trailing": 4})},
	],
	"operations": [health],
}

only_root := {"number": 0, "runs": [1, 2]}

a_any_c := {"number": 1, "runs": [1, 2, 3, 4]}

a_d_any := {"number": 2, "runs": [1, 3]}

a_b_c := {"number": 3, "runs": [1, 4]}

o_list := {"number": 4, "runs": [1, 4]}

s_t_u := {"number": 5, "runs": [1, 2, 3, 4, 5, 6]}

any_five := {"number": 6, "runs": [0, 1]}

v_w_x_y := {"number": 7, "runs": [1, 2, 3, 4, 5, 6, 7, 8]}

endpoint_of(path) := object.get(facts_in({"index": places}, {"method": "GET", "path": path}, {}), "endpoint", "none")

decided_at(path, endpoint) if {
	allowed_in({"index": places}, {"method": "GET", "path": path}, {})
	endpoint_of(path) == endpoint
}

nowhere(path) if {
	denied_in({"index": places}, {"method": "GET", "path": path}, {})
	endpoint_of(path) == "none"
}

test_root_is_a_path if decided_at("/", "/")

test_more_literal_segments_win if {
	decided_at("/a/b/c", "/a/b/c")
	decided_at("/a/x/c", "/a/{x}/c")
	decided_at("/a/d/x", "/a/d/{y}")
	decided_at("/a/d/%20", "/a/d/{y}")
}

test_every_literal_segment_must_match if {
	every path in ["/a/b/d", "/a/x/d", "/b/x/c", "/a/e/x", "/s/1/t/2/v", "/s/1/x", "/v/1/w/2/x/3/z", "/v/1/w/2/y/3/x", "/o/x/list/y"] {
		nowhere(path)
	}
}

test_the_number_of_segments_must_match if {
	every path in ["/a", "/a/b", "/a/b/c/d/e/f/g/h/i", "/s/1/t/2", "/s/1/t/2/u/3"] {
		nowhere(path)
	}
}

test_literal_segments_may_stand_anywhere if {
	decided_at("/s/1/t/2/u", "/s/{x}/t/{y}/u")
	decided_at("/v/1/w/2/x/3/y", "/v/{a}/w/{b}/x/{c}/y")
	decided_at("/1/2/3/4/5", "/{a}/{b}/{c}/{d}/{e}")
	decided_at("/-/2/3/4/5", "/{a}/{b}/{c}/{d}/{e}")
}

test_trailing_part_takes_one_or_more_segments if {
	decided_at("/a/x/-/1", "/a/{x}/-/{rest}")
	decided_at("/a/x/-/1/2/3/4/5/6/7/8", "/a/{x}/-/{rest}")
	decided_at("/a/x/-/-", "/a/{x}/-/{rest}")
	nowhere("/a/x/-")
	nowhere("/a/x/-/")
	nowhere("/b/x/-/1")
	nowhere("/a/x/y/-/1/2")
}

test_more_literal_segments_win_before_a_trailing_part if {
	decided_at("/a/b/-/1", "/a/b/-/{rest}")
	decided_at("/a/c/-/1", "/a/{x}/-/{rest}")
}

test_more_literal_segments_win_over_a_trailing_part if {
	decided_at("/o/-/list/x", "/o/-/list/{x}")
	decided_at("/o/-/list", "/o/-/{rest}")
	decided_at("/o/-/list/x/y/z", "/o/-/{rest}")
	decided_at("/o/-/other/x", "/o/-/{rest}")
	decided_at("/o/-/-/x", "/o/-/{rest}")
}

test_trailing_part_wins_over_fewer_literal_segments if decided_at("/o/-/3/4/5", "/o/-/{rest}")

test_every_placeholder_must_be_canonical if {
	every path in [
		"/a/%2F/c", "/a/d/..", "/s/1/t/%/u", "/s/./t/2/u", "/v/1/w/2/x/;/y", "/1/2/3/4/%41", "/a/../-/1", "/a/x/-/1/../2",
		"/a/x/-/1/%2e",
	] {
		denied_in({"index": places}, {"method": "GET", "path": path}, {})
		facts_in({"index": places}, {"method": "GET", "path": path}, {}).reasons == ["not_authenticated", "path_not_canonical"]
	}
}

test_workspace_is_the_one_of_the_template if {
	every path, workspace in {
		"/workspaces/west/models": "west",
		"/workspaces/models/models": "models",
		"/workspaces/west/files/-/workspaces/east/models": "west",
		"/workspaces/-/models": "-",
		"/models": "system",
	} {
		facts(get("alice", path), {}).workspace == workspace
	}
	not facts(get("alice", "/nothing/west"), {}).workspace
}

test_permissions_for_a_trailing_part_are_held_in_the_workspace if {
	allowed(get("alice", "/workspaces/west/files/-/a/b"), {"alice": {"west": ["Viewer"]}})
	denied(get("alice", "/workspaces/west/files/-/a/b"), {"alice": {"a": ["Viewer"], "b": ["Viewer"], "-": ["Viewer"]}})
}
