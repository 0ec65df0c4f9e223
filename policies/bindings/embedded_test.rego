package authz.bindings_test

import data.authz.bindings

attached := {"bindings": {"west": {"alice": ["Viewer", "Runner"], "group:team": []}}}

stored := {"2b": {"principals": {"alice": {"workspaces": {"west": ["PlatformAdmin"], "east": ["PlatformAdmin"]}}}}}

test_roles_are_those_attached_to_the_input if {
	bindings.roles("west", "alice") == ["Viewer", "Runner"] with input as attached
	bindings.roles("west", "group:team") == [] with input as attached
}

test_what_is_not_attached_has_no_roles if {
	every place in [["east", "alice"], ["west", "bob"], ["west", "team"], ["West", "alice"], ["alice", "west"], ["", ""]] {
		not bindings.roles(place[0], place[1]) with input as attached
	}
	every value in [{}, {"bindings": null}, {"bindings": "west"}, {"west": {"alice": ["Viewer"]}}] {
		not bindings.roles("west", "alice") with input as value
	}
}

test_bindings_in_data_are_not_read if {
	bindings.roles("west", "alice") == ["Viewer", "Runner"] with input as attached with data.authz_bindings as stored
	not bindings.roles("east", "alice") with input as attached with data.authz_bindings as stored
	not bindings.roles("west", "alice") with input as {} with data.authz_bindings as stored
}
