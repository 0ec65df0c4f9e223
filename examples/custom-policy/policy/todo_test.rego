package todo_test

import data.todo

test_member_updates_own if {
	todo.allow with input as {"principal": "ann", "action": "update", "todo": {"id": 1, "owner": "ann"}}
		with data.assignments as {"ann": ["member"]}
		with data.roles as _roles
}

test_member_reads_others_but_does_not_update_them if {
	question := {"principal": "ann", "todo": {"id": 2, "owner": "ben"}}
	todo.allow with input as object.union(question, {"action": "read"})
		with data.assignments as {"ann": ["member"]}
		with data.roles as _roles
	not todo.allow with input as object.union(question, {"action": "update"})
		with data.assignments as {"ann": ["member"]}
		with data.roles as _roles
}

test_nobody_without_a_role if {
	not todo.allow with input as {"principal": "eve", "action": "read", "todo": {"id": 1, "owner": "eve"}}
		with data.assignments as {}
		with data.roles as _roles
}

test_readable_are_all_for_a_member_and_own_for_a_guest if {
	todos := [{"id": 1, "owner": "ann"}, {"id": 2, "owner": "gus"}]
	{1, 2} == todo.readable with input as {"principal": "ann", "todos": todos}
		with data.assignments as {"ann": ["member"]}
		with data.roles as _roles
	{2} == todo.readable with input as {"principal": "gus", "todos": todos}
		with data.assignments as {"gus": ["guest"]}
		with data.roles as _roles
}

_roles := {
	"member": {"any": ["read"], "own": ["create", "update", "delete"]},
	"guest": {"own": ["read"]},
}
