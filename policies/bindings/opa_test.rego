package authz.bindings_test

import data.authz.bindings

# A principal lies in the shard that the first two hex digits of its SHA-256 name.
stored := {
	"2b": {"principals": {"alice": {"workspaces": {"west": ["Viewer", "Runner"], "east": []}}}},
	"68": {"principals": {"*": {"workspaces": {"west": ["Viewer"]}}}},
	"af": {"principals": {"group:team": {"workspaces": {"west": ["Editor"]}}, "bob": {"workspaces": {"west": ["Editor"]}}}},
}

test_roles_lie_in_the_shard_of_the_principal if {
	bindings.roles("west", "alice") == ["Viewer", "Runner"] with data.authz_bindings as stored
	bindings.roles("east", "alice") == [] with data.authz_bindings as stored
	bindings.roles("west", "*") == ["Viewer"] with data.authz_bindings as stored
	bindings.roles("west", "group:team") == ["Editor"] with data.authz_bindings as stored
}

test_what_is_not_stored_has_no_roles if {
	every place in [["north", "alice"], ["west", "team"], ["West", "alice"], ["alice", "west"], ["", ""]] {
		not bindings.roles(place[0], place[1]) with data.authz_bindings as stored
	}
	not bindings.roles("west", "alice") with data.authz_bindings as {}
}

test_roles_in_the_shard_of_another_principal_do_not_count if {
	not bindings.roles("west", "bob") with data.authz_bindings as stored
}

test_bindings_in_the_input_change_nothing if {
	spoofed := {"bindings": {"west": {"alice": ["PlatformAdmin"], "bob": ["PlatformAdmin"]}, "system": {"alice": ["PlatformAdmin"]}}}
	bindings.roles("west", "alice") == ["Viewer", "Runner"] with input as spoofed with data.authz_bindings as stored
	not bindings.roles("west", "bob") with input as spoofed with data.authz_bindings as stored
	not bindings.roles("system", "alice") with input as spoofed with data.authz_bindings as stored
	not bindings.roles("west", "alice") with input as spoofed with data.authz_bindings as {}
}
