import type { Command } from "commander"
import { configReference, formatOrigin, shownValue } from "../config/index.js"
import { ConfigFlags, configuredBy, withDataOptions, withServerOptions } from "./config-options.js"
import { columns, outputOption, rendered, type OutputFormat } from "./output.js"
import type { Terminal } from "./terminal.js"

/** `portcullis config` and `portcullis config reference`. */
export function addConfig(program: Command, terminal: Terminal): void {
  const command = program.command("config").description("Print every configuration value and where it was set; secrets stay hidden")
  withServerOptions(withDataOptions(command))
    .addOption(outputOption())
    .addHelpText(
      "after",
      "\nExamples:\n  portcullis config --config portcullis.yaml\n  portcullis config --output json\n  portcullis config reference",
    )
    .action((options: { readonly output: OutputFormat }) => {
      const { values } = configuredBy(ConfigFlags.parse(options), terminal)
      const shown = values.map((value) => ({ key: value.setting.key, value: shownValue(value) ?? null, origin: formatOrigin(value.origin) }))
      terminal.out(rendered(options.output, shown, () => columns(shown.map(({ key, value, origin }) => [key, cell(value), origin]))))
    })
  command
    .command("reference")
    .description("Print the configuration reference as Markdown")
    .action(() => terminal.out(configReference()))
}

function cell(value: unknown): string {
  if (value === null) return "–"
  return typeof value === "string" ? value : JSON.stringify(value)
}
