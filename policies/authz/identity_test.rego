package authz_test

west_models := "/workspaces/west/models"

asks(id, claims) := object.union(get(id, west_models), claims)

team_and_email := {"group:team": {"west": ["Viewer"]}, "alice@example.com": {"west": ["Viewer"]}}

test_email_and_groups_speak_for_the_caller if {
	allowed(asks("a1", {"principal_email": "alice@example.com"}), team_and_email)
	allowed(asks("a1", {"principal_groups": ["other", "team"]}), team_and_email)
	denied(asks("a1", {"principal_email": "bob@example.com", "principal_groups": ["other"]}), team_and_email)
	denied(asks("a1", {}), team_and_email)
}

test_emails_are_compared_exactly if {
	denied(asks("a1", {"principal_email": "Alice@example.com"}), team_and_email)
	denied(asks("a1", {"principal_email": " alice@example.com"}), team_and_email)
}

test_email_that_equals_a_group_gains_nothing if {
	denied(asks("a1", {"principal_email": "team"}), team_and_email)
	denied(asks("team", {}), team_and_email)
}

test_group_that_equals_a_person_gains_nothing if {
	denied(asks("a1", {"principal_groups": ["alice@example.com"]}), team_and_email)
}

test_reserved_emails_are_ignored if {
	bindings := object.union(team_and_email, {"*": {"system": ["PlatformAdmin"]}, "service:builder": {"west": ["Viewer"]}})
	every email in ["*", "group:team", "service:builder", "service:"] {
		denied(asks("a1", {"principal_email": email}), bindings)
		allowed(asks("a1", {"principal_email": email, "principal_groups": ["team"]}), bindings)
	}
}

test_reserved_groups_are_ignored if {
	bindings := object.union(team_and_email, {
		"*": {"system": ["PlatformAdmin"]},
		"group:": {"west": ["Viewer"]},
		"group:*": {"west": ["Viewer"]},
		"group:group:team": {"west": ["Viewer"]},
		"group:service:builder": {"west": ["Viewer"]},
	})
	every group in ["*", "", "group:team", "service:builder"] {
		denied(asks("a1", {"principal_groups": [group]}), bindings)
		allowed(asks("a1", {"principal_groups": [group, "team"]}), bindings)
	}
}

test_reserved_ids_are_not_authenticated if {
	bindings := object.union(team_and_email, {"*": {"west": ["Viewer"]}, "service:": {"west": ["Viewer"]}})
	every id in ["", "*", "group:team", "group:", "service:"] {
		denied(asks(id, {}), bindings)
		facts(asks(id, {}), bindings).caller == "anonymous"
	}
}

test_without_an_id_email_and_groups_are_nobody if {
	claims := {"principal_email": "alice@example.com", "principal_groups": ["team"]}
	denied(asks("", claims), team_and_email)
	denied(asks(null, claims), team_and_email)
	denied(object.union({"method": "GET", "path": west_models}, claims), team_and_email)
}

test_kinds_of_callers if {
	every id, kind in {"alice": "person", "Service:x": "person", "service:x": "service", "service": "person", "group": "person", "": "anonymous"} {
		facts(asks(id, {}), {}).caller == kind
	}
}

test_email_and_groups_of_a_service_are_its_own if {
	bindings := object.union(team_and_email, {"service:builder": {"west": ["Runner"]}})
	allowed(asks("service:builder", {"principal_email": "alice@example.com"}), bindings)
	allowed(asks("service:builder", {"principal_groups": ["team"]}), bindings)
	denied(asks("service:builder", {"principal_groups": ["other"]}), bindings)
}

test_null_claims_are_absent if {
	allowed(asks("alice", {"principal_email": null, "principal_groups": null, "scopes": null}), {"alice": {"west": ["Viewer"]}})
	nobody := {"on_behalf_of_principal_id": null, "on_behalf_of_principal_email": null, "on_behalf_of_principal_groups": null}
	allowed(asks("alice", nobody), {"alice": {"west": ["Viewer"]}})
}

test_empty_claims_are_nobodys if {
	claims := {"principal_email": "", "principal_groups": [], "on_behalf_of_principal_id": "", "on_behalf_of_principal_email": "", "on_behalf_of_principal_groups": []}
	bindings := {"alice": {"west": ["Viewer"]}, "": {"west": ["Viewer"]}, "group:": {"west": ["Viewer"]}}
	allowed(asks("alice", claims), bindings)
	denied(asks("bob", claims), bindings)
}

# Delegation

builder_for_bob(claims) := object.union(asks("service:builder", {"on_behalf_of_principal_id": "bob"}), claims)

test_delegate_is_looked_up_by_id_email_and_groups if {
	allowed(builder_for_bob({}), {"bob": {"west": ["Viewer"]}})
	allowed(builder_for_bob({"on_behalf_of_principal_email": "alice@example.com"}), team_and_email)
	allowed(builder_for_bob({"on_behalf_of_principal_groups": ["team"]}), team_and_email)
	denied(builder_for_bob({"on_behalf_of_principal_groups": ["other"]}), team_and_email)
}

test_claims_without_those_of_the_delegate_are_the_delegates if {
	builder := {"service:builder": {"west": ["Runner"]}}
	claims := {"principal_email": "alice@example.com", "principal_groups": ["team"]}
	allowed(builder_for_bob(claims), team_and_email)
	denied(builder_for_bob(claims), object.union(team_and_email, builder))
}

test_claims_beside_those_of_the_delegate_are_the_services if {
	claims := {"principal_email": "alice@example.com", "principal_groups": ["team"]}
	every delegates in [{"on_behalf_of_principal_email": "bob@example.com"}, {"on_behalf_of_principal_groups": ["other"]}] {
		denied(builder_for_bob(object.union(claims, delegates)), team_and_email)
		both := object.union(team_and_email, {"bob": {"west": ["Viewer"]}, "service:builder": {"west": ["Runner"]}})
		allowed(builder_for_bob(object.union(claims, delegates)), both)
	}
}

test_empty_claims_of_the_delegate_are_absent if {
	claims := {"principal_groups": ["team"], "on_behalf_of_principal_email": "", "on_behalf_of_principal_groups": []}
	allowed(builder_for_bob(claims), team_and_email)
}

test_reserved_claims_of_the_delegate_are_ignored if {
	bindings := object.union(team_and_email, {"service:other": {"west": ["Viewer"]}, "*": {"system": ["PlatformAdmin"]}})
	every claim in ["*", "group:team", "service:other"] {
		denied(builder_for_bob({"on_behalf_of_principal_email": claim}), bindings)
		denied(builder_for_bob({"on_behalf_of_principal_groups": [claim]}), bindings)
		denied(builder_for_bob({"principal_email": claim}), bindings)
	}
}

test_claims_of_a_delegate_without_an_id_have_no_effect if {
	claims := {"on_behalf_of_principal_email": "alice@example.com", "on_behalf_of_principal_groups": ["team"]}
	allowed(asks("alice", claims), {"alice": {"west": ["Viewer"]}})
	denied(asks("bob", claims), team_and_email)
	allowed(asks("service:builder", claims), {})
}
