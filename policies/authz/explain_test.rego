package authz_test

test_allowed_request_is_explained_by_its_rule if {
	facts(get("alice", "/workspaces/west/notes"), {"alice": {"west": ["Viewer"]}}) == {
		"allowed": true,
		"rule": "A4",
		"reasons": [],
		"endpoint": "/workspaces/{workspace}/notes",
		"method": "GET",
		"workspace": "west",
		"caller": "person",
		"roles": {"alice": ["Viewer"]},
		"missing_permissions": [],
		"required_scopes": [],
	}
}

test_denied_request_is_explained_by_what_is_missing if {
	request := object.union(post("alice", "/workspaces/west/models?x"), {"principal_groups": ["team"], "scopes": ["models:read"]})
	bindings := {"alice": {"west": ["Viewer"], "east": ["Editor"]}, "group:team": {"west": ["Runner"]}, "*": {"west": ["Keeper"]}, "bob": {"west": ["Editor"]}}
	facts(request, bindings) == {
		"allowed": false,
		"reasons": ["role_insufficient", "scope_missing"],
		"endpoint": "/workspaces/{workspace}/models",
		"method": "POST",
		"workspace": "west",
		"caller": "person",
		"roles": {"alice": ["Viewer"], "group:team": ["Runner"], "*": ["Keeper"]},
		"missing_permissions": ["models.write"],
		"required_scopes": ["models:write"],
		"scopes_presented": ["models:read"],
	}
}

test_unknown_path_has_no_endpoint if {
	facts(get("alice", "/nothing"), {"alice": {"system": ["Viewer"]}}) == {
		"allowed": false,
		"rule": "D1",
		"reasons": ["unknown_path"],
		"method": "GET",
		"caller": "person",
		"roles": {},
		"missing_permissions": [],
		"required_scopes": [],
	}
}

test_reasons_of_a_deny if {
	bindings := {"alice": {"west": ["Viewer"], "system": ["Runner"]}, "root": {"system": ["PlatformAdmin"]}, "service:narrow": {"west": ["Runner"]}}
	every expected in [
		{"request": get("bob", "/workspaces/west/notes"), "reasons": ["role_missing"]},
		{"request": post("alice", "/workspaces/west/notes"), "reasons": ["role_insufficient"]},
		{"request": post("alice", "/workspaces/-/notes"), "reasons": ["role_insufficient"]},
		{"request": get("service:narrow", "/workspaces/west/notes"), "reasons": ["role_insufficient"]},
		{"request": get("alice", "/workspaces/east/unlisted"), "reasons": ["role_missing"]},
		{"request": object.union(get("alice", "/workspaces/west/models"), {"scopes": []}), "reasons": ["scope_missing"]},
		{"request": object.union(get("bob", "/workspaces/west/models"), {"scopes": []}), "reasons": ["role_missing", "scope_missing"]},
		{"request": get("alice", "/workspaces/west"), "reasons": ["unknown_path"]},
		{"request": get("alice", "/models/"), "reasons": ["unknown_path"]},
		{"request": post("alice", "/workspaces/west/about"), "reasons": ["unknown_method"]},
		{"request": get("alice", "/workspaces/west/./notes"), "reasons": ["path_not_canonical"]},
		{"request": get("alice", "/workspaces/we%20st/notes"), "reasons": ["path_not_canonical"]},
		{"request": get("alice", "//"), "reasons": ["path_not_canonical"]},
		{"request": get("alice", ""), "reasons": ["path_not_canonical"]},
		{"request": post("alice", "/workspaces/west/jobs"), "reasons": ["caller_kind", "role_insufficient"]},
		{"request": get("root", "/workspaces/west/secrets"), "reasons": ["caller_kind"]},
		{"request": post("service:builder", "/workspaces/west/consoles"), "reasons": ["caller_kind"]},
		{"request": get("root", "/workspaces/west/retired"), "reasons": ["operation_denied"]},
		{"request": get("root", "/workspaces/closed/notes"), "reasons": ["operation_denied"]},
		{"request": get("root", "/workspaces/-/ledger"), "reasons": ["operation_denied"]},
		{"request": get("", "/workspaces/west/notes"), "reasons": ["not_authenticated"]},
		{"request": {"method": "GET", "path": "/nothing"}, "reasons": ["not_authenticated", "unknown_path"]},
		{
			"request": object.union(get("service:builder", "/workspaces/west/notes"), {"on_behalf_of_principal_id": "bob"}),
			"reasons": ["delegate_not_allowed"],
		},
		{
			"request": object.union(get("service:narrow", "/workspaces/west/notes"), {"on_behalf_of_principal_id": "bob"}),
			"reasons": ["delegate_not_allowed", "role_insufficient"],
		},
		{
			"request": object.union(get("alice", "/workspaces/west/notes"), {"on_behalf_of_principal_id": "alice"}),
			"reasons": ["delegate_not_allowed"],
		},
		{"request": object.union(get("alice", "/workspaces/west/notes"), {"principal_email": 7}), "reasons": ["input_invalid"]},
		{"request": object.union(get("alice", "/health"), {"principal_email": 7}), "reasons": ["input_invalid"]},
		{"request": {"principal_id": "alice", "method": "GET"}, "reasons": ["input_invalid"]},
		{"request": {"principal_id": "alice", "method": "GET", "path": 7}, "reasons": ["input_invalid"]},
		{"request": {"principal_id": "alice", "path": "/nothing"}, "reasons": ["input_invalid", "unknown_path"]},
		{"request": {"principal_id": "alice", "method": 7, "path": "/nothing"}, "reasons": ["input_invalid", "unknown_path"]},
		{"request": {}, "reasons": ["input_invalid", "not_authenticated"]},
	] {
		denied(expected.request, bindings)
		facts(expected.request, bindings).reasons == expected.reasons
	}
}

test_without_authorization_data_nothing_is_known if {
	facts_in({}, get("alice", "/workspaces/west/notes"), {"alice": {"west": ["Viewer"]}}) == {
		"allowed": false,
		"rule": "D6",
		"reasons": ["no_data"],
		"method": "GET",
		"caller": "person",
		"roles": {},
		"missing_permissions": [],
		"required_scopes": [],
	}
}

test_missing_right_names_no_rule if {
	not facts(get("bob", "/workspaces/west/notes"), {}).rule
	not facts(object.union(get("bob", "/workspaces/west/about"), {"scopes": []}), {}).rule
	not facts(object.union(get("alice", "/nothing"), {"principal_email": 7}), {}).rule
}

test_rights_for_all_workspaces_are_looked_up_in_system if {
	bindings := {"alice": {"system": ["Runner"], "-": ["Editor"], "west": ["Editor"]}}
	found := facts(post("alice", "/workspaces/-/notes"), bindings)
	found.workspace == "-"
	found.roles == {"alice": ["Runner"]}
	found.missing_permissions == ["models.write"]
}

test_roles_of_service_and_delegate_are_told if {
	request := object.union(post("service:builder", "/workspaces/west/models"), {"on_behalf_of_principal_id": "bob", "on_behalf_of_principal_groups": ["team"]})
	bindings := {"bob": {"west": ["Viewer"]}, "group:team": {"west": ["Runner"]}, "service:builder": {"west": ["Editor"]}, "group:other": {"west": ["Editor"]}}
	found := facts(request, bindings)
	found.rule == "D5"
	found.caller == "service"
	found.roles == {"bob": ["Viewer"], "group:team": ["Runner"], "service:builder": ["Editor"]}
	found.missing_permissions == ["models.write"]
}

test_permissions_missing_to_either_are_told if {
	request := object.union(post("service:builder", "/workspaces/west/models"), {"on_behalf_of_principal_id": "bob"})
	found := facts(request, {"bob": {"west": ["Writer"]}, "service:builder": {"west": ["Viewer"]}})
	found.missing_permissions == ["models.read", "models.write"]
}

test_missing_permissions_count_those_of_everybody_as_held if {
	bindings := {"*": {"west": ["Viewer"]}}
	facts(post("alice", "/workspaces/west/models"), bindings).missing_permissions == ["models.write"]
}

test_missing_permissions_are_told_where_scopes_are_missing_too if {
	request := object.union(get("alice", "/workspaces/west/models"), {"scopes": ["openid"]})
	found := facts(request, {})
	found.missing_permissions == ["models.read"]
	found.required_scopes == ["models:read", "platform:read"]
	found.scopes_presented == ["openid"]
}

test_nobody_misses_no_permissions if {
	found := facts(get("", "/workspaces/west/notes"), {"*": {"west": ["Runner"]}})
	found.missing_permissions == []
}

test_malformed_input_tells_no_roles if {
	every more in [{"principal_groups": "team"}, {"scopes": 7}, {"attributes": 7}] {
		facts(object.union(get("alice", "/workspaces/west/notes"), more), {"alice": {"west": ["Viewer"]}}).roles == {}
	}
}

test_presented_scopes_are_told_when_they_are_texts if {
	facts(object.union(get("alice", "/health"), {"scopes": []}), {}).scopes_presented == []
	every scopes in [null, 7, "models:read", [7]] {
		not facts(object.union(get("alice", "/health"), {"scopes": scopes}), {}).scopes_presented
	}
}

test_facts_come_from_envoys_request if {
	headers := {"x-nmp-principal-id": "service:builder", "x-nmp-scopes": "openid  models:read"}
	found := facts(through_envoy("GET", "/workspaces/west/models?a=b", headers), {})
	found.allowed == true
	found.caller == "service"
	found.method == "GET"
	found.scopes_presented == ["openid", "models:read"]
}

test_method_is_told_as_it_came_when_it_is_a_text if {
	facts({"method": "get", "path": "/health"}, {}).method == "get"
	facts({"method": 7, "path": "/health"}, {}).method == ""
	facts({"path": "/health"}, {}).method == ""
}

test_rule_of_what_is_closed_is_told_before_those_of_the_caller if {
	facts(get("alice", "/workspaces/closed/secrets"), {}).rule == "D2"
	facts(object.union(get("alice", "/workspaces/west/secrets"), {"on_behalf_of_principal_id": "bob"}), {}).rule == "D4"
}
