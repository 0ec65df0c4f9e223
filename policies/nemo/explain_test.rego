package authz_test

facts := {
	"allowed": false,
	"caller": "person",
	"method": "GET",
	"reasons": [],
	"roles": {},
	"missing_permissions": [],
	"required_scopes": [],
}

blue_docs_facts := object.union(facts, {
	"endpoint": "/apis/docs/v2/workspaces/{workspace}/docs",
	"workspace": "blue",
	"required_scopes": ["docs:read", "platform:read"],
})

fence := "/apis/docs/v2/workspaces/blue/burnt"

test_an_allow_is_explained_by_its_rule[name] if {
	some name, case in {
		"N1": {"request": get("root", docs("blue")), "facts": {}},
		"N3": {"request": get("ann", docs("blue")), "facts": {"roles": {"ann": ["Writer"]}}},
		"N3 by group": {
			"request": with_fields(get("nobody", docs("blue")), {"principal_groups": ["bob", "others"]}),
			"facts": {"roles": {"bob": ["Reader"]}},
		},
		"N3 by service": {"request": get("service:any", docs("blue")), "facts": {"caller": "service"}},
	}
	explain(case.request) == object.union_n([blue_docs_facts, {"allowed": true, "rule": substring(name, 0, 2)}, case.facts])
}

test_the_rule_that_allowed[name] if {
	some name, request in {
		"N1": get("root", nowhere),
		"N2": get("service:any", nowhere),
		"N3": get("ann", docs("blue")),
		"N4": call("service:any", "POST", docs("-")),
		"N5": get("cas", "/apis/docs/v2/docs"),
		"N6": get("nobody", "/apis/docs/v2/uploads"),
		"N7": get("nobody", docs("-")),
		"N8": call("nobody", "POST", drafts("blue")),
		"N8 in all workspaces": call("service:any", "POST", drafts("-")),
		"N8 without a workspace": call("cas", "POST", "/apis/docs/v2/formats"),
		"N9": anonymous("GET", "/health/live"),
	}
	answer := explain(request)
	answer.allowed == true
	answer.rule == substring(name, 0, 2)
	answer.reasons == []
	answer.missing_permissions == []
}

test_the_rule_that_denied[name] if {
	some name, case in {
		"X1": {"request": get("root", closed), "reasons": ["operation_denied"]},
		"X2": {"request": call("root", "GET", fence), "reasons": ["operation_denied", "unknown_path"]},
		"X3": {"request": get("ann", secret), "reasons": ["caller_kind", "operation_denied"]},
		"X4": {"request": get("cas", bundle), "reasons": ["operation_denied", "role_insufficient"]},
		"X5": {"request": get("ann", "/apis/entities/v2/types"), "reasons": ["caller_kind"]},
		"X6": {"request": call("ann", "POST", steps), "reasons": ["caller_kind"]},
		"X7": {"request": call("service:any", "POST", approvals), "reasons": ["caller_kind"]},
	}
	answer := explain(case.request)
	answer.allowed == false
	answer.rule == name
	answer.reasons == case.reasons
}

test_no_endpoints_are_explained if {
	answer := explain_in(no_endpoints, get("root", open))
	answer == object.union(facts, {"rule": "X8", "reasons": ["operation_denied", "unknown_path"], "roles": {}})
}

test_a_role_that_is_missing if {
	explain(call("bob", "POST", docs("red"))) == object.union(blue_docs_facts, {
		"method": "POST",
		"workspace": "red",
		"reasons": ["role_missing"],
		"missing_permissions": ["docs.create"],
		"required_scopes": ["docs:write", "platform:write"],
	})
}

test_a_role_that_is_too_weak if {
	explain(call("bob", "POST", docs("blue"))) == object.union(blue_docs_facts, {
		"method": "POST",
		"reasons": ["role_insufficient"],
		"roles": {"bob": ["Reader"]},
		"missing_permissions": ["docs.create"],
		"required_scopes": ["docs:write", "platform:write"],
	})
}

test_everybodys_role_counts if {
	explain(call("nobody", "POST", docs("open"))) == object.union(blue_docs_facts, {
		"method": "POST",
		"workspace": "open",
		"reasons": ["role_insufficient"],
		"roles": {"*": ["Reader"]},
		"missing_permissions": ["docs.create"],
		"required_scopes": ["docs:write", "platform:write"],
	})
}

test_permissions_that_are_missing_are_sorted_and_held_by_no_principal if {
	path := doc("blue", "a")
	explain(call("nobody", "PUT", path)).missing_permissions == ["docs.read", "docs.update"]
	explain(call("bob", "PUT", path)).missing_permissions == ["docs.update"]
	divided := explain(with_fields(call("bob", "PUT", path), {"principal_groups": ["updaters"]}))
	divided.missing_permissions == []
	divided.reasons == ["role_insufficient"]
	divided.roles == {"bob": ["Reader"], "updaters": ["Updater"]}
}

test_without_a_workspace_roles_are_looked_up_in_system if {
	explain(call("ann", "POST", "/apis/docs/v2/docs")) == object.union(facts, {
		"method": "POST",
		"endpoint": "/apis/docs/v2/docs",
		"workspace": "system",
		"reasons": ["role_insufficient"],
		"roles": {"*": ["WorkspaceCreator"]},
		"missing_permissions": ["docs.create"],
	})
}

test_scopes_that_do_not_fit if {
	request := with_fields(get("ann", docs("blue")), {"scopes": ["jobs:read", "openid"]})
	explain(request) == object.union(blue_docs_facts, {
		"reasons": ["scope_missing"],
		"roles": {"ann": ["Writer"]},
		"scopes_presented": ["jobs:read", "openid"],
	})
}

test_scopes_and_roles_may_both_be_missing if {
	answer := explain(with_fields(get("bob", docs("red")), {"scopes": ["jobs:read"]}))
	answer.reasons == ["role_missing", "scope_missing"]
	answer.missing_permissions == ["docs.read"]
}

test_scopes_are_no_reason_where_they_do_not_decide[name] if {
	some name, request in {"PlatformAdmin": get("root", docs("blue")), "health": get("bob", "/metrics")}
	answer := explain(with_fields(request, {"scopes": ["jobs:read"]}))
	answer.allowed == true
	answer.reasons == []
	answer.scopes_presented == ["jobs:read"]
}

test_scopes_that_are_presented_are_listed[name] if {
	some name, case in {
		"none": {"scopes": [], "listed": []},
		"some": {"scopes": ["openid", "docs:read"], "listed": [["openid", "docs:read"]]},
		"of a wrong type": {"scopes": 5, "listed": []},
		"text": {"scopes": "docs:read", "listed": []},
		"list of a number": {"scopes": [5], "listed": []},
	}
	answer := explain(with_fields(get("ann", docs("blue")), {"scopes": case.scopes}))
	[listed | listed := answer.scopes_presented] == case.listed
}

test_nobody_is_not_authenticated if {
	explain(anonymous("GET", docs("open"))) == object.union(blue_docs_facts, {
		"caller": "anonymous",
		"workspace": "open",
		"reasons": ["not_authenticated"],
	})
}

test_the_kind_of_the_caller[name] if {
	some name, case in {
		"service": {"caller": {"principal_id": "service:any"}, "kind": "service"},
		"person": {"caller": {"principal_id": "ann"}, "kind": "person"},
		"group alone": {"caller": {"principal_id": "", "principal_groups": ["readers"]}, "kind": "person"},
		"person in a group that is a service": {"caller": {"principal_id": "ann", "principal_groups": ["service:any"]}, "kind": "person"},
		"everybody": {"caller": {"principal_id": "*"}, "kind": "person"},
		"empty": {"caller": {"principal_id": ""}, "kind": "anonymous"},
		"group without an id": {"caller": {"principal_groups": ["readers"]}, "kind": "anonymous"},
		"null": {"caller": {"principal_id": null}, "kind": "anonymous"},
	}
	explain(with_fields(case.caller, {"method": "GET", "path": docs("blue")})).caller == case.kind
}

test_an_unknown_path if {
	explain(get("ann", nowhere)) == object.union(facts, {"reasons": ["unknown_path"]})
}

test_an_unknown_path_of_nobody if {
	explain(anonymous("GET", nowhere)) == object.union(facts, {"caller": "anonymous", "reasons": ["not_authenticated", "unknown_path"]})
}

test_a_tie_is_no_known_path[name] if {
	some name, path in tied
	answer := explain(get("root", path))
	answer.allowed == false
	answer.reasons == ["unknown_path"]
	[endpoint | endpoint := answer.endpoint] == []
}

test_two_workspaces_are_no_known_path if {
	answer := explain(get("root", maps("red/cities/blue")))
	answer.allowed == false
	answer.reasons == ["unknown_path"]
	[workspace | workspace := answer.workspace] == []
}

test_an_unknown_method[name] if {
	some name, request in {
		"not configured": call("ann", "HEAD", docs("blue")),
		"absent": {"principal_id": "ann", "path": docs("blue")},
		"empty": call("ann", "", docs("blue")),
	}
	answer := explain(request)
	answer.reasons == ["role_insufficient", "unknown_method"]
	answer.method == object.get(request, "method", "")
	answer.required_scopes == []
	answer.missing_permissions == []
}

test_input_of_a_wrong_type_is_the_reason[name] if {
	some name, fields in {
		"id": {"principal_id": 5},
		"e-mail": {"principal_email": 5},
		"groups": {"principal_groups": "ann"},
		"scopes": {"scopes": "docs:read"},
		"method": {"method": 5},
		"path": {"path": 5},
		"attributes": {"attributes": 5},
	}
	answer := explain(object.union(get("root", docs("blue")), fields))
	answer.allowed == false
	answer.roles == {}
	[rule | rule := answer.rule] == []
	"input_invalid" in answer.reasons
}

test_every_fact_is_stated_whatever_the_input[name] if {
	some name, request in {
		"null": null,
		"number": 5,
		"text": "ann",
		"list": [],
		"empty": {},
		"all wrong": {"principal_id": 5, "principal_email": 5, "principal_groups": 5, "method": 5, "path": 5, "scopes": 5, "attributes": 5},
		"all null": {"principal_id": null, "principal_email": null, "principal_groups": null, "method": null, "path": null, "scopes": null},
	}
	answer := explain(request)
	object.keys(answer) == object.keys(facts)
	answer.allowed == false
	answer.method == ""
}

test_without_data_there_is_nothing_to_explain if {
	answer := explain_in({"data": {}, "bindings": bindings}, get("root", docs("blue")))
	answer == object.union(facts, {"reasons": ["no_data", "unknown_path"]})
}
