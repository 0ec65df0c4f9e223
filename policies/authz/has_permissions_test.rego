package authz_test

asked_permissions(id, workspace, permissions) := {"principal_id": id, "workspace": workspace, "permissions": permissions}

holds(question, bindings) if has_permissions(question, bindings) == {"allowed": true}

lacks(question, bindings) if has_permissions(question, bindings) == {"allowed": false}

everything := {"root": {"system": ["PlatformAdmin"]}}

test_all_asked_permissions_must_be_held if {
	bindings := {"alice": {"west": ["Viewer", "Runner"]}}
	holds(asked_permissions("alice", "west", ["models.read"]), bindings)
	holds(asked_permissions("alice", "west", ["models.read", "jobs.run"]), bindings)
	lacks(asked_permissions("alice", "west", ["models.read", "models.write"]), bindings)
	lacks(asked_permissions("alice", "east", ["models.read"]), bindings)
	lacks(asked_permissions("bob", "west", ["models.read"]), bindings)
}

test_asked_permissions_are_held_by_all_principals_and_everybody if {
	question := object.union(asked_permissions("a1", "west", ["models.read", "jobs.run", "secrets.read"]), {
		"principal_email": "alice@example.com", "principal_groups": ["team"],
	})
	bindings := {"alice@example.com": {"west": ["Viewer"]}, "group:team": {"west": ["Runner"]}, "*": {"west": ["Keeper"]}}
	holds(question, bindings)
	lacks(question, object.remove(bindings, ["*"]))
}

test_platform_admin_holds_every_permission_everywhere if {
	holds(asked_permissions("root", "west", ["models.read", "of.nobody", "east/models.write"]), everything)
	lacks(asked_permissions("alice", "west", ["models.read"]), {"*": {"system": ["PlatformAdmin"]}})
	lacks(asked_permissions("root", "west", ["models.read"]), {"root": {"east": ["PlatformAdmin"]}})
}

test_system_may_be_asked_about if {
	holds(asked_permissions("alice", "system", ["models.read"]), {"alice": {"system": ["Viewer"]}})
	lacks(asked_permissions("alice", "system", ["models.read"]), {"alice": {"west": ["Viewer"]}})
}

test_service_holds_asked_permissions_unless_bound_there if {
	holds(asked_permissions("service:builder", "west", ["models.read", "of.nobody"]), {})
	lacks(asked_permissions("service:builder", "west", ["models.read"]), {"service:builder": {"west": ["Runner"]}})
	holds(asked_permissions("service:builder", "west", ["east/models.read"]), {"service:builder": {"west": ["Runner"]}})
	lacks(asked_permissions("service:builder", "east", ["west/models.read"]), {"service:builder": {"west": ["Runner"]}})
}

test_permission_with_a_workspace_is_asked_there if {
	bindings := {"alice": {"east": ["Viewer"], "west": ["Runner"]}}
	holds(asked_permissions("alice", "west", ["east/models.read", "jobs.run"]), bindings)
	lacks(asked_permissions("alice", "west", ["west/models.read"]), bindings)
	lacks(asked_permissions("alice", "east", ["jobs.run"]), bindings)
}

test_everybodys_bindings_do_not_count_for_a_permission_with_a_workspace if {
	bindings := {"*": {"west": ["Viewer"]}}
	holds(asked_permissions("alice", "west", ["models.read"]), bindings)
	lacks(asked_permissions("alice", "west", ["west/models.read"]), bindings)
}

test_permission_with_a_malformed_workspace_is_not_held if {
	bindings := {"alice": {"": ["Editor"], "-": ["Editor"], "*": ["Editor"], "west": ["Editor"]}}
	every permission in ["/models.read", "-/models.read", "*/models.read", "west/", "west/east/models.read", "//"] {
		lacks(asked_permissions("alice", "west", [permission]), bindings)
	}
	every permission in ["", "/", "/models.read", "west/", "west/east/models.read"] {
		lacks(asked_permissions("root", "west", [permission]), everything)
	}
}

test_scopes_play_no_part_in_asked_permissions if {
	question := object.union(asked_permissions("alice", "west", ["models.read"]), {"scopes": []})
	holds(question, {"alice": {"west": ["Viewer"]}})
}

test_nobody_holds_asked_permissions if {
	bindings := {"*": {"west": ["Viewer"]}, "group:team": {"west": ["Viewer"]}}
	every id in ["", "*", "group:team", null] {
		lacks(asked_permissions(id, "west", ["models.read"]), bindings)
	}
	lacks({"workspace": "west", "permissions": ["models.read"], "principal_groups": ["team"]}, bindings)
}

test_service_and_delegate_must_hold_asked_permissions if {
	question := object.union(asked_permissions("service:builder", "west", ["models.read"]), {"on_behalf_of_principal_id": "bob"})
	holds(question, {"bob": {"west": ["Viewer"]}})
	lacks(question, {})
	lacks(question, {"bob": {"west": ["Viewer"]}, "service:builder": {"west": ["Runner"]}})
	lacks(object.union(question, {"principal_id": "alice"}), {"alice": {"west": ["Viewer"]}, "bob": {"west": ["Viewer"]}})
	lacks(object.union(question, {"on_behalf_of_principal_id": "service:other"}), {})
}

test_malformed_questions_about_permissions_are_denied if {
	every permissions in [[], null, "models.read", {"models.read": true}, 7, ["models.read", 7], [null], [["models.read"]]] {
		lacks(asked_permissions("root", "west", permissions), everything)
	}
	every workspace in ["", "-", "*", "west/east", null, 7, ["west"], {"west": true}] {
		lacks(asked_permissions("root", workspace, ["models.read"]), everything)
	}
	every name in ["workspace", "permissions"] {
		lacks(object.remove(asked_permissions("root", "west", ["models.read"]), [name]), everything)
	}
	every name in claims {
		lacks(object.union(asked_permissions("root", "west", ["models.read"]), {name: 7}), everything)
	}
	lacks(object.union(asked_permissions("root", "west", ["models.read"]), {"attributes": "x"}), everything)
	lacks({}, everything)
}

test_without_authorization_data_no_permission_is_held if {
	result := data.authz.has_permissions with input as attached(asked_permissions("root", "west", ["models.read"]), everything)
		with data.authz_data as {}
		with data.authz_bindings as shards(everything)
	result == {"allowed": false}
}
