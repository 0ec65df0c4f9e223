package authz_test

asked_role(id, workspace, role) := {"principal_id": id, "workspace": workspace, "role": role}

effective(question) := object.union(question, {"effective": true})

has(question, bindings) if has_role(question, bindings) == {"has_role": true}

has_not(question, bindings) if has_role(question, bindings) == {"has_role": false}

test_role_is_bound_literally if {
	bindings := {"alice": {"west": ["Runner", "Editor"]}}
	has(asked_role("alice", "west", "Editor"), bindings)
	has_not(asked_role("alice", "west", "Viewer"), bindings)
	has_not(asked_role("alice", "east", "Editor"), bindings)
	has_not(asked_role("bob", "west", "Editor"), bindings)
	has_not(asked_role("alice", "west", "editor"), bindings)
}

test_role_of_email_or_group_is_the_callers if {
	bindings := {"alice@example.com": {"west": ["Viewer"]}, "group:team": {"west": ["Runner"]}}
	question := {"principal_id": "a1", "workspace": "west", "principal_email": "alice@example.com", "principal_groups": ["team"]}
	has(object.union(question, {"role": "Viewer"}), bindings)
	has(object.union(question, {"role": "Runner"}), bindings)
	has_not(object.union(question, {"role": "Editor"}), bindings)
}

test_role_of_everybody_counts_when_effective_only if {
	bindings := {"*": {"west": ["Editor"]}}
	has_not(asked_role("alice", "west", "Editor"), bindings)
	has(effective(asked_role("alice", "west", "Editor")), bindings)
	has(effective(asked_role("alice", "west", "Viewer")), bindings)
	has_not(effective(asked_role("alice", "west", "Runner")), bindings)
	has_not(effective(asked_role("", "west", "Editor")), bindings)
}

test_role_that_includes_the_asked_one_counts_when_effective_only if {
	bindings := {"alice": {"west": ["Editor"]}}
	has(effective(asked_role("alice", "west", "Viewer")), bindings)
	has(effective(asked_role("alice", "west", "Editor")), bindings)
	has_not(asked_role("alice", "west", "Viewer"), bindings)
	has_not(object.union(asked_role("alice", "west", "Viewer"), {"effective": false}), bindings)
	has_not(effective(asked_role("alice", "west", "Editor")), {"alice": {"west": ["Viewer"]}})
}

test_platform_admin_has_no_other_role if {
	bindings := {"root": {"system": ["PlatformAdmin"]}}
	has(asked_role("root", "system", "PlatformAdmin"), bindings)
	has_not(effective(asked_role("root", "west", "Viewer")), bindings)
	has_not(asked_role("root", "west", "PlatformAdmin"), bindings)
}

test_service_has_role_service_system_unless_bound_there if {
	has(asked_role("service:builder", "west", "ServiceSystem"), {})
	has(effective(asked_role("service:builder", "west", "ServiceSystem")), {"service:builder": {"east": ["Viewer"]}})
	has_not(asked_role("service:builder", "west", "ServiceSystem"), {"service:builder": {"west": ["Viewer"]}})
	has(asked_role("service:builder", "west", "Viewer"), {"service:builder": {"west": ["Viewer"]}})
	has_not(asked_role("service:builder", "west", "Viewer"), {})
	has_not(asked_role("alice", "west", "ServiceSystem"), {})
}

test_unknown_role_may_be_bound if {
	has(asked_role("alice", "west", "Retired"), {"alice": {"west": ["Retired"]}})
	has(effective(asked_role("alice", "west", "Retired")), {"alice": {"west": ["Retired"]}})
	has_not(effective(asked_role("alice", "west", "Retired")), {"alice": {"west": ["Editor"]}})
}

test_nobody_has_a_role if {
	bindings := {"*": {"west": ["Viewer"]}, "group:team": {"west": ["Viewer"]}, "": {"west": ["Viewer"]}}
	every id in ["", "*", "group:team", null] {
		has_not(effective(asked_role(id, "west", "Viewer")), bindings)
	}
}

test_service_and_delegate_must_have_the_role if {
	question := object.union(asked_role("service:builder", "west", "Viewer"), {"on_behalf_of_principal_id": "bob"})
	has(question, {"bob": {"west": ["Viewer"]}, "service:builder": {"west": ["Viewer"]}})
	has_not(question, {"bob": {"west": ["Viewer"]}})
	has_not(question, {"service:builder": {"west": ["Viewer"]}})
	has_not(object.union(question, {"principal_id": "alice"}), {"alice": {"west": ["Viewer"]}, "bob": {"west": ["Viewer"]}})
}

test_malformed_questions_about_roles_are_denied if {
	bindings := {"alice": {"west": ["Viewer"], "": ["Viewer"], "-": ["Viewer"], "*": ["Viewer"], "west/east": ["Viewer"]}}
	every workspace in ["", "-", "*", "west/east", null, 7, ["west"]] {
		has_not(asked_role("alice", workspace, "Viewer"), bindings)
	}
	every role in [null, 7, ["Viewer"], {"Viewer": true}, ""] {
		has_not(asked_role("alice", "west", role), bindings)
	}
	every value in ["true", 1, null, ["true"]] {
		has_not(object.union(asked_role("alice", "west", "Viewer"), {"effective": value}), bindings)
	}
	every name in claims {
		has_not(object.union(asked_role("alice", "west", "Viewer"), {name: 7}), bindings)
	}
	every name in ["principal_id", "workspace", "role"] {
		has_not(object.remove(asked_role("alice", "west", "Viewer"), [name]), bindings)
	}
	has_not(object.union(asked_role("alice", "west", "Viewer"), {"attributes": "x"}), bindings)
}

test_without_authorization_data_no_role_is_held if {
	bindings := {"alice": {"west": ["Viewer"]}}
	result := data.authz.has_role with input as attached(asked_role("alice", "west", "Viewer"), bindings)
		with data.authz_data as {}
		with data.authz_bindings as shards(bindings)
	result == {"has_role": false}
}
