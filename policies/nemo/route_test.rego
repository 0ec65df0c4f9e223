package authz_test

doc(workspace, name) := sprintf("/apis/docs/v2/workspaces/%s/docs/%s", [workspace, name])

files(rest) := sprintf("/apis/files/v2/workspaces/blue/files/%s", [rest])

maps(rest) := sprintf("/apis/maps/v2/%s", [rest])

# A service passes on unknown paths whatever its roles, so that a service bound to none tells known from unknown.
powerless := bound({"service:none": {workspace: ["Nobody"] | some workspace in ["blue", "red", "system"]}})

known(path) if denied_in(powerless, call("service:none", "TRACE", path))

unknown(path) if {
	allowed_in(powerless, call("service:none", "TRACE", path))
	denied(get("ann", path))
}

test_paths_that_a_template_matches[name] if {
	some name, path in {
		"literal": open,
		"placeholder": doc("blue", "a"),
		"query": doc("blue", "a?b=c"),
		"second question mark": doc("blue", "a?b/c?d"),
		"empty query": doc("blue", "a?"),
		"odd characters": doc("blue", "a b;c\\d%2F%00ü"),
		"dots": doc("blue", ".."),
		"placeholder by its name": doc("{workspace}", "{name}"),
		"only placeholders": "/a/b/c",
		"begins with a separator": "/-/page",
	}
	known(path)
}

test_paths_that_no_template_matches[name] if {
	some name, path in {
		"last slash": concat("", [open, "/"]),
		"last slash before the query": concat("", [open, "/?x"]),
		"double slash": "/apis//docs/v2/open",
		"slash before": concat("", ["/", open]),
		"no slash before": "apis/docs/v2/open",
		"something before": "x/apis/docs/v2/open",
		"empty placeholder": doc("blue", ""),
		"empty workspace": doc("", "a"),
		"empty workspace, another segment less": "/apis/docs/v2/workspaces//docs",
		"upper case": "/apis/docs/v2/Open",
		"encoded literal": "/apis/docs/v2/%6Fpen",
		"encoded slash": "/apis/docs/v2/workspaces%2Fblue/docs",
		"prefix": "/apis/docs/v2/workspaces",
		"root": "/",
		"empty": "",
		"query alone": "?x",
		"more segments than any template": concat("", [open, "/a/b/c/d/e/f/g/h/i/j/k"]),
		"fragment": concat("", [open, "#x"]),
		"separator first, more segments": "/-/page/x/y",
		"empty page": "/-/",
		"empty first of only placeholders": "//b/c",
		"empty last of only placeholders": "/a/b/",
	}
	unknown(path)
}

test_the_fewest_placeholders_win if {
	allowed(get("bob", doc("blue", "first")))
	denied(get("bob", doc("blue", "latest")))
	allowed(get("ann", doc("blue", "latest")))
}

test_the_methods_of_a_template_that_lost_do_not_count if {
	allowed(call("ann", "PUT", doc("blue", "first")))
	denied(call("ann", "PUT", doc("blue", "latest")))
}

test_methods_are_looked_up_whatever_their_case[method] if {
	some method in ["GET", "get", "Get"]
	allowed(call("bob", method, doc("blue", "a")))
}

test_no_letter_of_a_method_stands_for_another if {
	allowed(call("ann", "post", docs("blue")))
	denied(call("ann", "po\u017ft", docs("blue")))
}

test_methods_have_no_fallback[method] if {
	some method in ["HEAD", "OPTIONS", "TRACE", "POST", "", " GET", "GET ", "*"]
	denied(call("ann", method, doc("blue", "a")))
}

tied := {"two placeholders each": files("-/meta/x"), "one each": maps("blue/world/reports")}

test_a_tie_denies_everybody[name] if {
	some template, path in tied
	some caller, fields in everybody
	name := sprintf("%s: %s", [template, caller])
	denied_in(bound({"ann": {"blue": ["Writer"], "system": ["Writer"]}}), with_fields(fields, {"method": "GET", "path": path}))
}

test_beside_a_tie_each_template_decides[name] if {
	some name, request in {
		"trailing": get("bob", files("-/meta")),
		"trailing, empty name": get("bob", files("-/meta/")),
		"trailing, longer": get("bob", files("-/meta/x/y")),
		"literal later": with_fields(get("", maps("red/world/reports")), {"principal_groups": ["readers"]}),
		"literal sooner": get("cas", maps("blue/sea/reports")),
	}
	allowed(request)
}

test_a_trailing_part_is_one_or_more_segments[name] if {
	some name, rest in {
		"one": "-/a",
		"two": "-/a/b",
		"many": "-/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p",
		"last one empty": "-/a/",
		"only one, empty": "-/",
		"empty between": "-/a//b",
		"separator": "-/-",
		"separator later": "-/a/-/b",
		"query": "-/a?b",
	}
	allowed(get("bob", files(rest)))
	denied(get("cas", files(rest)))
}

test_a_trailing_part_needs_its_separator_and_a_segment[name] if {
	some name, path in {
		"no segment": files("-"),
		"no separator": files("a"),
		"another separator": files("_/a"),
		"separator later": files("a/-/b"),
		"another prefix": "/apis/file/v2/workspaces/blue/files/-/a",
		"empty workspace": "/apis/files/v2/workspaces//files/-/a",
		"slash before": concat("", ["/", files("-/a")]),
		"something before": concat("", ["x", files("-/a")]),
	}
	unknown(path)
}

test_after_a_separator_literals_win_over_a_trailing_part if {
	allowed(get("nobody", files("-/index")))
	denied(get("nobody", files("-/index/")))
	denied(get("nobody", files("-/Index")))
}

test_the_workspace_of_a_path[name] if {
	some name, request in {
		"named workspace": get("bob", doc("blue", "a")),
		"named workspace_id": get("bob", "/apis/docs/v2/projects/blue/docs"),
		"after workspaces": get("bob", maps("workspaces/blue/layers")),
		"after workspaces, at the end": get("bob", "/apis/entities/v2/workspaces/blue"),
		"named, though another is after workspaces": get("bob", "/apis/docs/v2/workspaces/red/shelves/blue"),
		"of a template that lost": get("ann", maps("blue/regions")),
		"the same by two templates": get("nobody", maps("blue/cities/blue")),
		"the same twice after workspaces": get("nobody", maps("workspaces/blue/workspaces/blue")),
	}
	allowed(request)
}

test_the_workspace_of_a_path_is_no_other[name] if {
	some name, request in {
		"named workspace": get("bob", doc("red", "a")),
		"named workspace_id": get("bob", "/apis/docs/v2/projects/red/docs"),
		"after workspaces": get("bob", maps("workspaces/red/layers")),
		"named, though another is after workspaces": get("bob", "/apis/docs/v2/workspaces/blue/shelves/red"),
		"of a template that lost": get("cas", maps("blue/regions")),
		"workspaces without a placeholder": get("bob", "/apis/entities/v2/workspaces/blue/bindings/blue"),
	}
	denied(request)
}

test_two_workspaces_deny_everybody[name] if {
	some template, path in {
		"of two templates": maps("red/cities/blue"),
		"of two templates, one of them all": maps("-/cities/blue"),
		"twice after workspaces": maps("workspaces/blue/workspaces/red"),
	}
	some caller, fields in everybody
	name := sprintf("%s: %s", [template, caller])
	denied(with_fields(fields, {"method": "GET", "path": path}))
}
