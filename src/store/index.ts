export { roleBindingStore, type RoleBindingStore } from "./role-binding-store.js"
export type { Store } from "./store.js"
