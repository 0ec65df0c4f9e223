import type { HttpBindings } from "@hono/node-server"
import type { Context, Hono } from "hono"

/** The app behind the hot routes. */
export type App = Hono<{ Bindings: HttpBindings }>

/** One request in it, with Node's own request and response. */
export type AppContext = Context<{ Bindings: HttpBindings }>
