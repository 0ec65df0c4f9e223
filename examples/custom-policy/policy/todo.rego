# Roles say what somebody may do with any todo, and what with their own.
package todo

# METADATA
# title: May the principal do this with the todo?
# description: |
#   Input: principal, action (read, create, update, delete), todo {id, owner}.
# entrypoint: true
default allow := false

allow if input.action in _permissions.any

allow if {
	input.todo.owner == input.principal
	input.action in _permissions.own
}

# METADATA
# title: The ids of those todos that the principal may read
# description: |
#   Input: principal, todos [{id, owner}].
# entrypoint: true
readable contains todo.id if {
	some todo in input.todos
	allow with input as {"principal": input.principal, "action": "read", "todo": todo}
}

_permissions := {
	"any": {action | some role in data.assignments[input.principal]; some action in data.roles[role].any},
	"own": {action | some role in data.assignments[input.principal]; some action in data.roles[role].own},
}
