package authz_test

# A person whom everything but the headers allows, asking for what needs rights and for what needs none.
with_headers(headers) := [through_envoy("GET", path, object.union(as_alice, headers)) | some path in ["/workspaces/west/models", "/health"]]

as_alice := {"x-nmp-principal-id": "alice", "host": "api", "x-request-id": "1"}

all_allowed(requests, bindings) if {
	every request in requests {
		allowed(request, bindings)
	}
}

input_invalid(request, bindings) if {
	denied(request, bindings)
	found := facts(request, bindings)
	"input_invalid" in found.reasons
	found.roles == {}
	not found.rule
}

test_header_in_an_unknown_spelling_is_malformed if {
	names := [
		"X-Nmp-Scopes", "X-NMP-SCOPES", "X-NMP-scopes", "x_nmp_scopes", "X_NMP_Scopes", "x-nmp_scopes", "X-Nmp_Scopes",
		"X-Nmp-Principal-Id", "x_nmp_principal_id", "x-nmp-principal-on-behalf_of", "X-Nmp-Principal-On-Behalf-Of",
		"X-Nmp-Authorized", "x_nmp_internal", "X-Nmp-Origin-Workspace",
	]
	all_allowed(with_headers({}), alice)
	all_denied([request | some name in names; some request in with_headers({name: "alice"})], alice)
	every request in with_headers({"X-Nmp-Scopes": "*"}) {
		input_invalid(request, alice)
	}
}

test_unknown_header_with_our_prefix_is_malformed if {
	names := ["x-nmp-", "X-NMP-", "X_NMP_", "x-nmp-principal", "x-nmp-principal-roles", "x-nmp-principal-id ", "x-nmp-principal-id-", "x-nmp-scopes2"]
	all_denied([request | some name in names; some request in with_headers({name: ""})], alice)
}

test_unknown_spelling_does_not_widen_what_a_known_one_restricts if {
	builder := {"x-nmp-principal-id": "service:builder"}
	denied(models_through_envoy(object.union(builder, {"X-Nmp-Principal-On-Behalf-Of": "bob"})), {})
	denied(models_through_envoy(object.union(builder, {"X-Nmp-Scopes": "openid"})), {})
	allowed(models_through_envoy(builder), {})
}

test_headers_without_our_prefix_may_be_spelled_in_any_way if {
	names := ["X-Nmp", "x-nmpscopes", "nmp-scopes", "X_Request_Id", "xx-nmp-scopes", "x--nmp-scopes", "X-NMP", "", "é", "authorization", "Authorization"]
	all_allowed(with_headers({name: "a, b" | some name in names}), alice)
}

test_headers_that_say_nothing_about_a_request_may_come_in_either_spelling if {
	all_allowed(with_headers({"X-NMP-Authorized": "true", "X-NMP-Internal": "true", "X-NMP-Origin-Workspace": "east"}), alice)
	all_allowed(with_headers({"x-nmp-authorized": "false", "x-nmp-internal": "", "x-nmp-origin-workspace": "east"}), alice)
	denied(models_through_envoy({"x-nmp-authorized": "true", "x-nmp-internal": "true"}), alice)
}

both_spellings := [
	["x-nmp-principal-id", "X-NMP-Principal-Id"],
	["x-nmp-principal-email", "X-NMP-Principal-Email"],
	["x-nmp-principal-groups", "X-NMP-Principal-Groups"],
	["x-nmp-principal-on-behalf-of", "X-NMP-Principal-On-Behalf-Of"],
	["x-nmp-principal-on-behalf-of-email", "X-NMP-Principal-On-Behalf-Of-Email"],
	["x-nmp-principal-on-behalf-of-groups", "X-NMP-Principal-On-Behalf-Of-Groups"],
	["x-nmp-scopes", "X-NMP-Scopes"],
	["x-nmp-authorized", "X-NMP-Authorized"],
	["x-nmp-internal", "X-NMP-Internal"],
	["x-nmp-origin-workspace", "X-NMP-Origin-Workspace"],
]

test_header_in_both_spellings_is_malformed if {
	all_denied(
		[request |
			some names in both_spellings
			some values in [["alice", "alice"], ["", "alice"], ["alice", ""]]
			some request in with_headers({name: values[i] | some i, name in names})
		],
		alice,
	)
	input_invalid(models_through_envoy({name: "alice" | some name in ["x-nmp-principal-id", "X-NMP-Principal-Id"]}), alice)
}

test_different_headers_may_be_spelled_differently if {
	allowed(models_through_envoy({"X-NMP-Principal-Id": "alice", "x-nmp-scopes": "models:read", "X-NMP-Principal-Groups": "team"}), alice)
}

test_comma_where_no_list_belongs_is_malformed if {
	bindings := {name: {"west": ["Editor"]} | some name in ["alice", "alice,bob", "alice,", "group:team"]}
	single_valued := {name | some names in both_spellings; not endswith(names[0], "-groups"); some name in names}
	count(single_valued) == 16
	all_denied(
		[through_envoy("GET", path, object.union(who, {name: value})) |
			some name in single_valued
			who := {"x-nmp-principal-id": "alice" | lower(name) != "x-nmp-principal-id"}
			some value in ["alice,bob", "alice,", ",alice", ",", "*, *"]
			some path in ["/workspaces/west/notes", "/health"]
		],
		bindings,
	)
	input_invalid(notes_through_envoy({"x-nmp-principal-id": "alice,bob"}), bindings)
}

test_scopes_that_came_twice_are_not_taken_together if {
	denied(models_through_envoy({"x-nmp-principal-id": "alice", "x-nmp-scopes": "models:read x,openid"}), alice)
	allowed(models_through_envoy({"x-nmp-principal-id": "alice", "x-nmp-scopes": "models:read x openid"}), alice)
}

test_commas_belong_in_groups_and_in_direct_members if {
	headers := {"x-nmp-principal-id": "service:builder", "x-nmp-principal-on-behalf-of": "b1", "X-NMP-Principal-On-Behalf-Of-Groups": "a,team", "x-nmp-principal-groups": "x,y"}
	allowed(notes_through_envoy(headers), {"group:team": {"west": ["Viewer"]}})
	allowed(get("a,b", "/workspaces/west/notes"), {"a,b": {"west": ["Viewer"]}})
	allowed(object.union(notes_through_envoy({}), {"principal_id": "a,b"}), {"a,b": {"west": ["Viewer"]}})
}

test_blank_id_header_is_nobody if {
	bindings := {"*": {"west": ["Editor"]}, " ": {"west": ["Editor"]}, "group:team": {"system": ["PlatformAdmin"]}}
	every blank in ["", "\t  "] {
		every name in ["x-nmp-principal-id", "X-NMP-Principal-Id"] {
			every path in ["/workspaces/west/about", "/workspaces/-/notes"] {
				request := through_envoy("GET", path, {name: blank, "x-nmp-principal-groups": "team"})
				denied(request, bindings)
				found := facts(request, bindings)
				found.caller == "anonymous"
				found.reasons == ["not_authenticated"]
			}
			allowed(through_envoy("GET", "/health", {name: blank}), {})
			denied(notes_through_envoy({name: blank, "x-nmp-principal-on-behalf-of": "alice"}), alice)
		}
	}
}

test_headers_are_looked_at_beside_direct_members if {
	headers := [{"X-Nmp-Scopes": "*"}, {"x-nmp-scopes": "*", "X-NMP-Scopes": "*"}, {"x-nmp-principal-id": "alice,bob"}]
	direct := object.union(get("alice", "/workspaces/west/models"), {"scopes": ["models:read"]})
	allowed(object.union(direct, models_through_envoy({"x-nmp-scopes": "openid", "x-nmp-principal-id": "bob"})), alice)
	all_denied([object.union(direct, models_through_envoy(given)) | some given in headers], alice)
}

test_questions_about_rights_look_at_headers_too if {
	envoy := models_through_envoy({"x-nmp-principal-id": "alice"})
	holds(object.union(envoy, {"workspace": "west", "permissions": ["models.read"]}), alice)
	has(object.union(envoy, {"workspace": "west", "role": "Viewer"}), alice)
	every more in [{"X-Nmp-Principal-On-Behalf-Of": "bob"}, {"X-NMP-Principal-Id": "alice"}, {"x-nmp-principal-email": "a@b,c@d"}] {
		spoilt := models_through_envoy(object.union({"x-nmp-principal-id": "alice"}, more))
		lacks(object.union(spoilt, {"workspace": "west", "permissions": ["models.read"]}), alice)
		has_not(object.union(spoilt, {"workspace": "west", "role": "Viewer"}), alice)
	}
	blank := models_through_envoy({"x-nmp-principal-id": " "})
	everybodys := {"*": {"west": ["Viewer"]}, " ": {"west": ["Viewer"]}}
	lacks(object.union(blank, {"workspace": "west", "permissions": ["models.read"]}), everybodys)
	has_not(object.union(blank, {"workspace": "west", "role": "Viewer", "effective": true}), everybodys)
}
