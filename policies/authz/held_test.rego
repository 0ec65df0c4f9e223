package authz_test

test_role_holds_what_the_roles_it_includes_hold if {
	allowed(get("alice", "/workspaces/west/notes"), {"alice": {"west": ["Editor"]}})
	allowed(post("alice", "/workspaces/west/notes"), {"alice": {"west": ["Editor"]}})
	denied(post("alice", "/workspaces/west/notes"), {"alice": {"west": ["Viewer"]}})
	denied(get("alice", "/workspaces/west/notes"), {"alice": {"west": ["Writer"]}})
}

test_any_of_several_roles_counts if {
	allowed(post("alice", "/workspaces/west/models"), {"alice": {"west": ["Runner", "Writer", "Viewer"]}})
	denied(post("alice", "/workspaces/west/models"), {"alice": {"west": ["Runner", "Writer"]}})
}

test_unknown_role_holds_nothing if {
	denied(get("alice", "/workspaces/west/notes"), {"alice": {"west": ["Nobody"]}})
	denied(get("alice", "/workspaces/west/notes"), {"alice": {"west": []}})
}

test_permission_in_no_role_is_held_by_those_that_hold_everything if {
	allowed(get("alice", "/workspaces/west/trail"), {"alice": {"west": ["ServiceSystem"]}})
	denied(get("alice", "/workspaces/west/trail"), {"alice": {"west": ["Editor", "Keeper", "Runner", "Viewer", "Writer"]}})
}

test_everybodys_roles_count_for_every_authenticated_caller if {
	bindings := {"*": {"west": ["Viewer"]}}
	allowed(get("alice", "/workspaces/west/notes"), bindings)
	denied(get("", "/workspaces/west/notes"), bindings)
	denied(get("alice", "/workspaces/east/notes"), bindings)
}

test_service_without_a_binding_holds_everything_there if {
	allowed(post("service:builder", "/workspaces/west/models"), {})
	allowed(get("service:builder", "/workspaces/west/trail"), {})
	allowed(get("service:builder", "/models"), {})
}

test_binding_of_a_service_replaces_what_it_holds_there if {
	bindings := {"service:builder": {"west": ["Viewer"]}}
	allowed(get("service:builder", "/workspaces/west/notes"), bindings)
	denied(post("service:builder", "/workspaces/west/notes"), bindings)
	denied(get("service:builder", "/workspaces/west/trail"), bindings)
	allowed(post("service:builder", "/workspaces/east/notes"), bindings)
	allowed(post("service:builder", "/workspaces/west/notes"), {"service:builder": {"east": ["Viewer"]}})
}

test_binding_in_system_replaces_what_a_service_holds_in_system_only if {
	bindings := {"service:builder": {"system": ["Runner"]}}
	denied(get("service:builder", "/models"), bindings)
	allowed(get("service:builder", "/workspaces/west/notes"), bindings)
}

test_binding_without_roles_is_a_binding if {
	denied(get("service:builder", "/workspaces/west/notes"), {"service:builder": {"west": []}})
}

test_bindings_of_others_are_no_binding_of_a_service if {
	bindings := {"*": {"west": ["Runner"]}, "service:other": {"west": ["Runner"]}, "group:team": {"west": ["Runner"]}}
	allowed(get("service:builder", "/workspaces/west/trail"), bindings)
	allowed(object.union(get("service:builder", "/workspaces/west/trail"), {"principal_groups": ["team"]}), bindings)
}

test_everybodys_roles_count_for_a_service_with_a_binding if {
	bindings := {"*": {"west": ["Viewer"]}, "service:builder": {"west": ["Runner"]}}
	allowed(get("service:builder", "/workspaces/west/notes"), bindings)
	denied(get("service:builder", "/workspaces/west/notes"), {"service:builder": {"west": ["Runner"]}})
}

test_person_without_a_binding_holds_nothing if {
	denied(get("builder", "/workspaces/west/notes"), {"service:builder": {"west": ["Viewer"]}})
	denied(get("Service:builder", "/workspaces/west/notes"), {})
}
