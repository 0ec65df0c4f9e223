package authz_test

viewer := {"alice": {"west": ["Viewer"]}}

editor := {"alice": {"west": ["Editor"]}}

admin := {"root": {"system": ["PlatformAdmin"]}}

unscoped(request) := object.remove(request, ["scopes"])

scoped(request, scopes) := object.union(unscoped(request), {"scopes": scopes})

for_bob(request) := object.union(request, {"on_behalf_of_principal_id": "bob"})

# A1

test_public_operation_is_open_to_nobody if {
	every request in [{"method": "GET", "path": "/health"}, get("", "/health"), head("*", "/health"), get("alice", "/health")] {
		allowed(request, {})
		facts(request, {}).rule == "A1"
	}
}

test_public_operation_asks_for_no_scopes_and_no_delegate if {
	allowed(scoped(get("alice", "/health"), []), {})
	allowed(for_bob(get("alice", "/health")), {})
}

test_operation_that_is_not_public_is_closed_to_nobody if {
	everybody := {"*": {"west": ["Editor"], "system": ["Editor", "PlatformAdmin"]}}
	every path in ["/models", "/workspaces/west/models", "/workspaces/west/about", "/workspaces/-/models"] {
		denied({"method": "GET", "path": path}, everybody)
		denied(get("", path), everybody)
	}
}

# A2

test_platform_admin_may_use_every_known_operation if {
	every request in [
		get("root", "/models"), post("root", "/models"), post("root", "/workspaces/west/models"), get("root", "/workspaces/-/models"),
		post("root", "/workspaces/-/models"), get("root", "/workspaces/west/trail"), get("root", "/workspaces/west/unlisted"),
		post("root", "/workspaces/-/unlisted"),
	] {
		allowed(request, admin)
	}
	facts(post("root", "/workspaces/-/models"), admin).rule == "A2"
}

test_platform_admin_by_email_or_group_counts if {
	bindings := {"root@example.com": {"system": ["PlatformAdmin"]}, "group:admins": {"system": ["PlatformAdmin"]}}
	request := get("x", "/workspaces/west/unlisted")
	allowed(object.union(request, {"principal_email": "root@example.com"}), bindings)
	allowed(object.union(request, {"principal_groups": ["admins"]}), bindings)
	denied(request, bindings)
}

test_platform_admin_through_everybody_does_not_count if {
	bindings := {"*": {"system": ["PlatformAdmin"]}}
	denied(get("alice", "/workspaces/west/notes"), bindings)
	denied(get("alice", "/workspaces/west/unlisted"), bindings)
	denied(post("alice", "/workspaces/-/notes"), bindings)
}

test_platform_admin_of_another_workspace_is_none if {
	bindings := {"alice": {"west": ["PlatformAdmin"]}}
	denied(get("alice", "/workspaces/east/notes"), bindings)
	denied(get("alice", "/models"), bindings)
}

test_a_role_that_holds_everything_is_not_platform_admin if {
	bindings := {"alice": {"system": ["ServiceSystem"]}}
	allowed(get("alice", "/models"), bindings)
	denied(get("alice", "/workspaces/west/notes"), bindings)
}

test_platform_admin_needs_fitting_scopes if {
	request := post("root", "/workspaces/west/models")
	allowed(scoped(request, ["models:write"]), admin)
	denied(scoped(request, ["models:read"]), admin)
	denied(scoped(request, []), admin)
}

# A3

test_operation_without_permissions_is_open_to_every_authenticated_caller if {
	every id in ["alice", "service:builder"] {
		allowed(get(id, "/workspaces/west/about"), {})
		facts(get(id, "/workspaces/west/about"), {}).rule == "A3"
	}
	denied(get("*", "/workspaces/west/about"), {})
	denied(get("group:team", "/workspaces/west/about"), {})
}

test_operation_without_permissions_needs_fitting_scopes if {
	allowed(scoped(get("alice", "/workspaces/west/about"), ["platform:read"]), {})
	denied(scoped(get("alice", "/workspaces/west/about"), ["models:read"]), {})
}

test_operation_that_lists_no_permissions_at_all_stays_closed if {
	request := get("alice", "/workspaces/west/unlisted")
	denied(request, {"alice": {"west": ["Editor", "ServiceSystem"]}})
	allowed(request, {"alice": {"system": ["PlatformAdmin"]}})
}

# A4

test_permission_held_in_the_workspace_of_the_path_allows if {
	allowed(get("alice", "/workspaces/west/models"), viewer)
	facts(get("alice", "/workspaces/west/models"), viewer).rule == "A4"
}

test_permission_held_in_another_workspace_does_not_count if {
	denied(get("alice", "/workspaces/east/models"), viewer)
	denied(get("alice", "/workspaces/west/models"), {"alice": {"system": ["Viewer"]}})
	denied(get("alice", "/workspaces/West/models"), viewer)
}

test_permission_of_somebody_else_does_not_count if denied(get("bob", "/workspaces/west/models"), viewer)

test_path_without_workspace_is_decided_in_system if {
	allowed(get("alice", "/models"), {"alice": {"system": ["Viewer"]}})
	denied(get("alice", "/models"), viewer)
}

test_every_permission_of_the_operation_is_needed if {
	request := post("alice", "/workspaces/west/models")
	allowed(request, editor)
	denied(request, viewer)
	denied(request, {"alice": {"west": ["Writer"]}})
}

test_permissions_add_up_over_principals_and_everybody if {
	request := object.union(post("alice", "/workspaces/west/models"), {"principal_groups": ["writers"]})
	allowed(request, {"alice": {"west": ["Viewer"]}, "group:writers": {"west": ["Writer"]}})
	allowed(request, {"*": {"west": ["Viewer"]}, "group:writers": {"west": ["Writer"]}})
	denied(request, {"*": {"east": ["Viewer"]}, "group:writers": {"west": ["Writer"]}})
}

# A5

test_everybody_authenticated_reads_all_workspaces if {
	every request in [
		get("alice", "/workspaces/-/models"), head("service:builder", "/workspaces/-/models/m"),
		get("alice", "/workspaces/-/unlisted"),
	] {
		allowed(request, {})
		facts(request, {}).rule == "A5"
	}
	denied(get("", "/workspaces/-/models"), {})
	denied({"method": "GET", "path": "/workspaces/-/models"}, {})
}

test_reading_all_workspaces_needs_fitting_scopes if {
	allowed(scoped(get("alice", "/workspaces/-/models"), ["models:read"]), {})
	denied(scoped(get("alice", "/workspaces/-/models"), ["models:write"]), {})
	denied(scoped(get("alice", "/workspaces/-/models"), []), {})
}

test_reading_all_workspaces_needs_a_configured_operation if {
	denied(get("alice", "/workspaces/-/jobs"), {})
	denied(get("alice", "/workspaces/-/nothing"), {})
}

test_a_dash_that_is_not_the_workspace_is_a_name if {
	denied(get("alice", "/workspaces/west/models/-"), {})
	allowed(get("alice", "/workspaces/west/models/-"), viewer)
}

# A6

test_service_that_holds_the_permissions_in_system_writes_in_all_workspaces if {
	request := post("service:builder", "/workspaces/-/models")
	allowed(request, {"service:builder": {"system": ["Editor"]}})
	facts(request, {"service:builder": {"system": ["Editor"]}}).rule == "A6"
	denied(request, {"service:builder": {"system": ["Viewer"]}})
	denied(request, {"service:builder": {"system": ["Runner"], "west": ["Editor"]}})
}

test_service_without_bindings_in_system_writes_in_all_workspaces if {
	allowed(post("service:builder", "/workspaces/-/models"), {})
	allowed(post("service:builder", "/workspaces/-/models"), {"service:builder": {"west": ["Viewer"]}})
}

test_writing_in_all_workspaces_needs_fitting_scopes if {
	allowed(scoped(post("service:builder", "/workspaces/-/models"), ["models:write"]), {})
	denied(scoped(post("service:builder", "/workspaces/-/models"), ["models:read"]), {})
}

test_person_writes_in_all_workspaces_as_platform_admin_only if {
	request := post("alice", "/workspaces/-/models")
	denied(request, {"alice": {"system": ["Editor"]}})
	denied(request, {"alice": {"-": ["Editor"]}})
	allowed(request, {"alice": {"system": ["PlatformAdmin"]}})
}

# D1

test_unknown_paths_and_methods_are_denied_for_everybody if {
	every request in [
		get("root", "/nothing"), get("root", "/workspaces/west"), get("root", "/workspaces/west/nothing"), post("root", "/health"),
		{"principal_id": "root", "method": "DELETE", "path": "/models"}, {"principal_id": "root", "method": "OPTIONS", "path": "/models"},
	] {
		denied(request, admin)
		facts(request, admin).rule == "D1"
	}
}

test_methods_are_compared_as_they_are if {
	every method in ["get", "Get", " GET", "GET ", ""] {
		denied({"principal_id": "root", "method": method, "path": "/models"}, admin)
		denied({"principal_id": "root", "method": method, "path": "/health"}, admin)
	}
}

# D2

test_denied_operation_is_closed_to_everybody if {
	every id in ["root", "service:builder"] {
		every path in ["/workspaces/west/retired", "/workspaces/-/retired", "/workspaces/west/shut"] {
			denied(get(id, path), admin)
			facts(get(id, path), admin).rule == "D2"
		}
	}
	denied({"method": "GET", "path": "/workspaces/west/shut"}, {})
}

test_denied_prefix_closes_what_is_at_and_under_it if {
	every path in ["/internal", "/internal/state", "/internal?x", "/workspaces/closed/models", "/workspaces/closed/models/m"] {
		denied(get("root", path), admin)
		facts(get("root", path), admin).rule == "D2"
	}
}

test_denied_prefix_ends_at_a_segment if {
	allowed({"method": "GET", "path": "/internals/state"}, {})
	allowed(get("root", "/workspaces/closed2/models"), admin)
	allowed(get("root", "/workspaces/west/models/closed"), admin)
}

test_operation_may_be_closed_for_all_workspaces if {
	bindings := object.union(admin, {"alice": {"west": ["Editor"], "system": ["Editor"]}})
	every request in [
		get("alice", "/workspaces/-/ledger"), get("root", "/workspaces/-/ledger"), post("root", "/workspaces/-/ledger"),
		post("service:builder", "/workspaces/-/ledger"),
	] {
		denied(request, bindings)
		facts(request, bindings).rule == "D2"
	}
	allowed(get("alice", "/workspaces/west/ledger"), bindings)
	allowed(post("service:builder", "/workspaces/west/ledger"), bindings)
}

# D3

test_operation_for_services_refuses_persons if {
	bindings := {"alice": {"west": ["Runner"]}, "service:builder": {"west": ["Runner"]}}
	allowed(post("service:builder", "/workspaces/west/jobs"), bindings)
	denied(post("alice", "/workspaces/west/jobs"), bindings)
	facts(post("alice", "/workspaces/west/jobs"), bindings).rule == "D3"
	denied({"method": "POST", "path": "/workspaces/west/jobs"}, bindings)
}

test_operation_for_services_still_asks_for_their_permissions if {
	denied(post("service:builder", "/workspaces/west/jobs"), {"service:builder": {"west": ["Viewer"]}})
}

test_platform_admin_may_use_operations_for_services if {
	allowed(post("root", "/workspaces/west/jobs"), admin)
	denied(post("alice", "/workspaces/west/jobs"), {"*": {"system": ["PlatformAdmin"]}, "alice": {"west": ["Runner"]}})
}

test_public_operation_for_services_refuses_persons_and_nobody if {
	every request in [
		get("alice", "/workspaces/west/beacon"), get("", "/workspaces/west/beacon"),
		{"method": "GET", "path": "/workspaces/west/beacon"},
	] {
		denied(request, admin)
		facts(request, admin).rule == "D3"
		facts(request, admin).reasons == ["caller_kind"]
	}
	allowed(get("service:builder", "/workspaces/west/beacon"), admin)
	allowed(get("root", "/workspaces/west/beacon"), admin)
}

test_operation_for_persons_refuses_services if {
	bindings := {"alice": {"west": ["Runner"]}, "service:builder": {"system": ["PlatformAdmin"], "west": ["Runner"]}}
	allowed(post("alice", "/workspaces/west/consoles"), bindings)
	denied(post("service:builder", "/workspaces/west/consoles"), bindings)
	facts(post("service:builder", "/workspaces/west/consoles"), bindings).rule == "D3"
}

test_caller_kind_is_tested_on_the_service_that_acts_for_a_person if {
	bindings := {"bob": {"west": ["Runner"]}}
	allowed(for_bob(post("service:builder", "/workspaces/west/jobs")), bindings)
	denied(for_bob(post("service:builder", "/workspaces/west/consoles")), bindings)
}

# D4

test_secret_values_are_for_services_only if {
	bindings := object.union(admin, {"alice": {"west": ["Keeper"]}})
	allowed(get("service:builder", "/workspaces/west/secrets"), bindings)
	every id in ["alice", "root"] {
		denied(get(id, "/workspaces/west/secrets"), bindings)
		facts(get(id, "/workspaces/west/secrets"), bindings).rule == "D4"
	}
	denied(get("root", "/workspaces/-/secrets"), bindings)
}

# D5

test_delegation_needs_the_right_of_both if {
	request := for_bob(get("service:builder", "/workspaces/west/models"))
	allowed(request, {"bob": {"west": ["Viewer"]}})
	denied(request, {})
	facts(request, {}).rule == "D5"
	denied(request, {"bob": {"west": ["Viewer"]}, "service:builder": {"west": ["Runner"]}})
	allowed(request, {"bob": {"west": ["Viewer"]}, "service:builder": {"west": ["Viewer"]}})
	allowed(request, {"*": {"west": ["Viewer"]}, "service:builder": {"west": ["Runner"]}})
}

test_delegation_does_not_add_rights_up if {
	bindings := {"bob": {"west": ["Viewer"]}, "service:builder": {"west": ["Writer"]}}
	denied(for_bob(post("service:builder", "/workspaces/west/models")), bindings)
}

test_only_a_service_acts_for_somebody if {
	bindings := {"alice": {"west": ["Viewer"]}, "bob": {"west": ["Viewer"]}, "root": {"system": ["PlatformAdmin"]}}
	every id in ["alice", "root", "bob"] {
		denied(for_bob(get(id, "/workspaces/west/models")), bindings)
		facts(for_bob(get(id, "/workspaces/west/models")), bindings).rule == "D5"
	}
}

test_nobody_acts_for_a_service_a_group_or_everybody if {
	bindings := {"service:other": {"west": ["Viewer"]}, "group:team": {"west": ["Viewer"]}, "*": {"west": ["Viewer"]}}
	every delegate in ["service:other", "service:", "group:team", "*"] {
		denied(object.union(get("service:builder", "/workspaces/west/models"), {"on_behalf_of_principal_id": delegate}), bindings)
	}
}

test_an_unknown_service_acts_for_nobody if {
	denied(for_bob(get("service:", "/workspaces/west/models")), {"bob": {"west": ["Viewer"]}})
}

test_every_rule_must_hold_for_the_delegate if {
	bindings := {"boss": {"system": ["PlatformAdmin"]}, "service:builder": {"system": ["PlatformAdmin"]}}
	every path in ["/workspaces/west/about", "/workspaces/-/models"] {
		allowed(for_bob(get("service:builder", path)), bindings)
	}
	every request in [get("service:builder", "/workspaces/west/unlisted"), post("service:builder", "/workspaces/-/models")] {
		denied(for_bob(request), bindings)
		allowed(object.union(request, {"on_behalf_of_principal_id": "boss"}), bindings)
	}
}

test_scopes_are_tested_once_for_service_and_delegate if {
	request := for_bob(get("service:builder", "/workspaces/west/models"))
	allowed(scoped(request, ["models:read"]), {"bob": {"west": ["Viewer"]}})
	denied(scoped(request, ["models:write"]), {"bob": {"west": ["Viewer"]}})
}

# D6

test_without_authorization_data_everything_is_denied if {
	bindings := {"root": {"system": ["PlatformAdmin"], "west": ["Viewer"]}}
	every request in [get("root", "/workspaces/west/models"), get("root", "/health"), {"method": "GET", "path": "/health"}, get("root", "/nothing")] {
		every nothing in [{}, {"index": {}}] {
			denied_in(nothing, request, bindings)
			facts_in(nothing, request, bindings).rule == "D6"
		}
	}
}

# Scopes

test_absent_scopes_do_not_restrict if {
	allowed(unscoped(get("alice", "/workspaces/west/models")), viewer)
	allowed(scoped(get("alice", "/workspaces/west/models"), null), viewer)
}

test_one_of_the_listed_scopes_suffices if {
	request := get("alice", "/workspaces/west/models")
	allowed(scoped(request, ["platform:read"]), viewer)
	allowed(scoped(request, ["openid", "models:read", "other:write"]), viewer)
	denied(scoped(request, ["openid", "models:write", "models", "Models:read", "models:read "]), viewer)
}

test_empty_scopes_fit_only_operations_that_list_none if {
	denied(scoped(get("alice", "/workspaces/west/models"), []), viewer)
	allowed(scoped(get("alice", "/workspaces/west/notes"), []), viewer)
	allowed(scoped(get("alice", "/workspaces/west/notes"), ["other:read"]), viewer)
}

test_scopes_do_not_replace_permissions if {
	denied(scoped(get("bob", "/workspaces/west/models"), ["models:read"]), viewer)
}

test_strict_mode_counts_scopes_without_a_colon if {
	denied(scoped(get("alice", "/workspaces/west/models"), ["openid", "profile"]), viewer)
}

test_lenient_mode_ignores_sets_without_a_colon if {
	request := get("alice", "/workspaces/west/models")
	every scopes in [[], ["openid"], ["openid", "profile"], ["models:read"], ["openid", "platform:read"]] {
		allowed_in(with_scopes_mode("lenient"), scoped(request, scopes), viewer)
	}
	every scopes in [["models:write"], ["openid", "models:write"], [":"]] {
		denied_in(with_scopes_mode("lenient"), scoped(request, scopes), viewer)
	}
}

test_off_mode_ignores_scopes if {
	every scopes in [[], ["openid"], ["models:write"]] {
		allowed_in(with_scopes_mode("off"), scoped(get("alice", "/workspaces/west/models"), scopes), viewer)
	}
}

test_scopes_of_a_wrong_type_deny if {
	values := [false, 1, "", "models:read", {}, {"models:read": true}, ["models:read", 1], ["models:write", null], [["models:read"]]]
	paths := ["/workspaces/west/models", "/workspaces/west/notes", "/health"]
	all_denied([scoped(get("alice", path), scopes) | some path in paths; some scopes in values], viewer)
	facts(scoped(get("alice", "/workspaces/west/notes"), [1]), viewer).reasons == ["input_invalid", "scope_missing"]
}

test_no_mode_accepts_scopes_of_a_wrong_type if {
	every mode in ["lenient", "off"] {
		every scopes in ["models:read", ["openid", 1], [["models:read"]]] {
			denied_in(with_scopes_mode(mode), scoped(get("alice", "/workspaces/west/models"), scopes), viewer)
		}
	}
}

# More roles

test_more_roles_of_a_person_take_nothing_away if {
	every more in [[], ["Runner"], ["Editor"], ["PlatformAdmin"], ["Unknown"]] {
		allowed(get("alice", "/workspaces/west/models"), {"alice": {"west": array.concat(["Viewer"], more), "system": more}})
	}
}
