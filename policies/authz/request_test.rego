package authz_test

# What Envoy sends.
through_envoy(method, path, headers) := {"attributes": {"request": {"http": {"method": method, "path": path, "headers": headers}}}}

notes_through_envoy(headers) := through_envoy("GET", "/workspaces/west/notes?x=1", headers)

models_through_envoy(headers) := through_envoy("GET", "/workspaces/west/models", headers)

alice := {"alice": {"west": ["Viewer"]}}

test_request_through_envoy_is_decided_by_its_headers if {
	allowed(notes_through_envoy({"x-nmp-principal-id": "alice", "host": "api", ":path": "/x"}), alice)
	denied(notes_through_envoy({"x-nmp-principal-id": "bob"}), alice)
	denied(notes_through_envoy({}), alice)
	denied(through_envoy("PUT", "/workspaces/west/notes", {"x-nmp-principal-id": "alice"}), alice)
	allowed(through_envoy("GET", "/health", {}), {})
}

test_headers_may_be_capitalised if {
	bindings := object.union(alice, {"group:team": {"system": ["Viewer"]}})
	allowed(notes_through_envoy({"X-NMP-Principal-Id": "alice"}), bindings)
	denied(notes_through_envoy({"X-NMP-PRINCIPAL-ID": "alice"}), bindings)
	denied(notes_through_envoy({"x-nmp-principal-id": "bob", "X-NMP-Principal-Id": "alice"}), bindings)
}

test_email_and_groups_come_from_headers if {
	bindings := {"alice@example.com": {"west": ["Viewer"]}, "group:team": {"west": ["Viewer"]}}
	every headers in [
		{"x-nmp-principal-email": "alice@example.com"}, {"X-NMP-Principal-Email": "alice@example.com"},
		{"x-nmp-principal-groups": "other, team ,third"}, {"X-NMP-Principal-Groups": "team"},
	] {
		allowed(notes_through_envoy(object.union({"x-nmp-principal-id": "a1"}, headers)), bindings)
		denied(notes_through_envoy(headers), bindings)
	}
	denied(notes_through_envoy({"x-nmp-principal-id": "a1", "x-nmp-principal-groups": "other team"}), bindings)
}

test_delegate_comes_from_headers if {
	bindings := {"bob": {"west": ["Viewer"]}, "bob@example.com": {"west": ["Viewer"]}, "group:team": {"west": ["Viewer"]}}
	builder := {"x-nmp-principal-id": "service:builder"}
	every headers in [
		{"x-nmp-principal-on-behalf-of": "bob"}, {"X-NMP-Principal-On-Behalf-Of": "bob"},
		{"x-nmp-principal-on-behalf-of": "b1", "x-nmp-principal-on-behalf-of-email": "bob@example.com"},
		{"x-nmp-principal-on-behalf-of": "b1", "X-NMP-Principal-On-Behalf-Of-Groups": "team"},
		{"x-nmp-principal-on-behalf-of": "b1", "x-nmp-principal-groups": "team"},
	] {
		allowed(notes_through_envoy(object.union(builder, headers)), bindings)
		denied(notes_through_envoy(object.union({"x-nmp-principal-id": "alice"}, headers)), object.union(bindings, alice))
	}
	denied(notes_through_envoy(object.union(builder, {"x-nmp-principal-on-behalf-of": "b1"})), bindings)
}

test_blank_claims_in_headers_are_absent if {
	bindings := object.union(alice, {"": {"west": ["Viewer"]}, " ": {"west": ["Viewer"]}, "group:": {"west": ["Viewer"]}})
	every blank in ["", " ", "\t  "] {
		headers := {name: blank |
			some name in [
				"x-nmp-principal-email", "x-nmp-principal-groups", "x-nmp-principal-on-behalf-of",
				"x-nmp-principal-on-behalf-of-email", "x-nmp-principal-on-behalf-of-groups",
			]
		}
		allowed(notes_through_envoy(object.union(headers, {"x-nmp-principal-id": "alice"})), bindings)
		denied(notes_through_envoy(object.union(headers, {"x-nmp-principal-id": "bob"})), bindings)
		denied(notes_through_envoy(object.union(headers, {"x-nmp-principal-id": ""})), bindings)
	}
	allowed(notes_through_envoy({"x-nmp-principal-id": "a1", "x-nmp-principal-groups": " , team,,"}), {"group:team": {"west": ["Viewer"]}})
}

test_scopes_come_from_a_header if {
	every header in ["x-nmp-scopes", "X-NMP-Scopes"] {
		every scopes in ["models:read", " openid  platform:read ", "*", " * "] {
			allowed(models_through_envoy({"x-nmp-principal-id": "alice", header: scopes}), alice)
		}
		every scopes in ["models:write", "models:read,platform:read", "* openid", "**"] {
			denied(models_through_envoy({"x-nmp-principal-id": "alice", header: scopes}), alice)
		}
	}
}

test_absent_scopes_header_does_not_restrict_and_a_blank_one_is_an_empty_set if {
	allowed(models_through_envoy({"x-nmp-principal-id": "alice"}), alice)
	every blank in ["", "  "] {
		denied(models_through_envoy({"x-nmp-principal-id": "alice", "x-nmp-scopes": blank}), alice)
		allowed(notes_through_envoy({"x-nmp-principal-id": "alice", "x-nmp-scopes": blank}), alice)
	}
}

test_direct_fields_win_over_envoys if {
	envoy := models_through_envoy({
		"x-nmp-principal-id": "alice", "x-nmp-principal-email": "a@example.com", "x-nmp-principal-groups": "team", "x-nmp-scopes": "models:read",
	})
	bindings := object.union(alice, {"a@example.com": {"west": ["Editor"]}, "group:team": {"west": ["Editor"]}})
	allowed(envoy, bindings)
	denied(object.union(envoy, {"scopes": []}), bindings)
	denied(object.union(envoy, {"method": "PUT"}), bindings)
	denied(object.union(envoy, {"path": "/workspaces/east/models"}), bindings)
	denied(object.union(envoy, {"principal_id": ""}), bindings)
	denied(object.union(envoy, {"principal_id": "bob", "principal_email": "", "principal_groups": []}), bindings)
	allowed(object.union(envoy, {"principal_id": "bob", "principal_email": ""}), bindings)
	allowed(object.union(envoy, {"principal_id": "bob", "principal_groups": []}), bindings)
}

test_direct_delegate_wins_over_envoys if {
	envoy := notes_through_envoy({
		"x-nmp-principal-id": "service:builder", "x-nmp-principal-on-behalf-of": "bob",
		"x-nmp-principal-on-behalf-of-email": "b@example.com", "x-nmp-principal-on-behalf-of-groups": "team",
	})
	bindings := {"b@example.com": {"west": ["Viewer"]}, "group:team": {"west": ["Viewer"]}}
	allowed(envoy, bindings)
	allowed(object.union(envoy, {"on_behalf_of_principal_id": ""}), {})
	denied(object.union(envoy, {"on_behalf_of_principal_email": "", "on_behalf_of_principal_groups": []}), bindings)
	denied(object.union(envoy, {"on_behalf_of_principal_email": "c@example.com", "on_behalf_of_principal_groups": ["other"]}), bindings)
}

test_null_direct_fields_leave_it_to_envoys if {
	nulls := {name: null | some name in (claims | {"scopes"})}
	allowed(object.union(models_through_envoy({"x-nmp-principal-id": "alice", "x-nmp-scopes": "models:read"}), nulls), alice)
	denied(object.union(models_through_envoy({"x-nmp-principal-id": "alice", "x-nmp-scopes": ""}), nulls), alice)
	delegated := {"x-nmp-principal-id": "service:builder", "x-nmp-principal-on-behalf-of": "bob"}
	denied(object.union(notes_through_envoy(delegated), nulls), {})
}

claims := {
	"principal_id", "principal_email", "principal_groups", "on_behalf_of_principal_id", "on_behalf_of_principal_email",
	"on_behalf_of_principal_groups",
}

# Types

root := {"root": {"system": ["PlatformAdmin"]}, "group:team": {"system": ["PlatformAdmin"]}}

# The request with each of the values under each of the names.
varied(request, names, values) := [changed |
	some name in names
	some value in values
	changed := object.union(object.remove(request, [name]), {name: value})
]

test_texts_of_a_wrong_type_deny if {
	names := ["principal_id", "principal_email", "on_behalf_of_principal_id", "on_behalf_of_principal_email", "method", "path"]
	values := [true, false, 0, 1.5, [], ["root"], {}, {"root": "root"}]
	all_denied(varied(get("root", "/models"), names, values), root)
	all_denied(varied(get("root", "/health"), names, values), root)
	every request in varied(get("root", "/models"), names, [7]) {
		denied(request, root)
		reasons := facts(request, root).reasons
		"input_invalid" in reasons
	}
}

test_groups_of_a_wrong_type_deny if {
	names := ["principal_groups", "on_behalf_of_principal_groups"]
	values := [true, false, 0, "", "team", {}, {"team": "team"}, [1], ["team", null], [["team"]], [false]]
	all_denied(varied(get("root", "/models"), names, values), root)
	all_denied(varied(get("root", "/health"), names, values), root)
	every request in varied(get("root", "/models"), names, ["team"]) {
		denied(request, root)
		reasons := facts(request, root).reasons
		"input_invalid" in reasons
	}
}

test_wrong_types_deny_a_service_and_its_delegate if {
	names := ["principal_email", "principal_groups", "on_behalf_of_principal_email", "on_behalf_of_principal_groups"]
	values := [false, 7, {}, [7]]
	builder := get("service:builder", "/models")
	all_denied(varied(builder, names, values), {})
	all_denied(varied(object.union(builder, {"on_behalf_of_principal_id": "bob"}), names, values), {"bob": {"system": ["Viewer"]}})
}

test_absent_method_or_path_denies if {
	every name in ["method", "path"] {
		denied(object.remove(get("root", "/health"), [name]), {"root": {"system": ["PlatformAdmin"]}})
		denied(object.union(get("root", "/health"), {name: null}), {"root": {"system": ["PlatformAdmin"]}})
	}
	denied({}, {})
}

wrong := [true, false, 7, ["root"], {"root": "root"}]

# Direct members that suffice, beside attributes that do not.
beside(attributes) := [request | some path in ["/models", "/health"]; request := object.union(get("root", path), {"attributes": attributes})]

test_headers_of_a_wrong_type_deny if {
	names := ["x-nmp-principal-id", "x-nmp-scopes", "x-nmp-principal-on-behalf-of", "x-nmp-principal-on-behalf-of-groups", "other"]
	headers := varied({}, names, array.concat(wrong, [null]))
	all_denied([request | some given in headers; some request in beside(through_envoy("GET", "/", given).attributes)], root)
	all_denied([through_envoy("GET", "/health", given) | some given in headers], root)
	all_denied([through_envoy("GET", "/health", value) | some value in [null, false, 7, "other", ["other"]]], root)
	denied(object.union(get("root", "/models"), through_envoy("GET", "/models", {"other": 7})), root)
	denied(through_envoy("GET", "/health", ["other"]), root)
}

test_attributes_of_a_wrong_type_deny if {
	all_denied(
		[request |
			some value in [null, false, 7, "x", ["x"]]
			some attributes in [value, {"request": value}, {"request": {"http": value}}, {"request": {"http": {"headers": value}}}]
			some request in beside(attributes)
		],
		root,
	)
	denied(object.union(get("root", "/models"), {"attributes": "x"}), root)
}

test_envoys_method_and_path_of_a_wrong_type_deny_beside_direct_ones if {
	all_denied(
		[request |
			some http in varied({}, ["method", "path"], [null, false, 7, ["GET"]])
			some request in beside({"request": {"http": http}})
		],
		root,
	)
}

test_attributes_may_lack_everything_and_hold_more if {
	every attributes in [
		{}, {"source": 7}, {"request": {}}, {"request": {"http": {}}},
		{"request": {"time": 7, "http": {"headers": {}, "size": 7}}},
	] {
		allowed(object.union(get("alice", "/workspaces/west/notes"), {"attributes": attributes}), alice)
	}
}

test_further_fields_change_nothing if {
	further := {"roles": ["PlatformAdmin"], "workspace": "east", "admin": true, "kind": "service", "authz_data": {}, "requests": 7}
	allowed(object.union(get("alice", "/workspaces/west/notes"), further), alice)
	denied(object.union(get("bob", "/workspaces/west/notes"), further), alice)
}

test_input_that_is_no_object_is_denied if {
	every value in [null, true, 7, "alice", [], ["alice"]] {
		result := data.authz.allow with input as value with data.authz_data as authz_data
		result == {"allowed": false, "headers": {"X-NMP-Authorized": "false"}}
	}
}
