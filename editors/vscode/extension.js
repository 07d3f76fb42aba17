// Starts `holdpoint lsp` for Markdown documents, and ends it with the window.
"use strict";

const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

/** @type {LanguageClient | undefined} */
let client;

function made() {
  const command = vscode.workspace.getConfiguration("holdpoint").get("path", "holdpoint");
  const program = { command, args: ["lsp"] };
  return new LanguageClient("holdpoint", "Holdpoint", { run: program, debug: program }, {
    documentSelector: [
      { scheme: "file", language: "markdown" },
      { scheme: "untitled", language: "markdown" },
    ],
    // What is said of a document depends on these as well.
    synchronize: {
      fileEvents: vscode.workspace.createFileSystemWatcher("**/{holdpoint.toml,allowed_signers,*.md}"),
    },
  });
}

async function start() {
  client = made();
  try {
    await client.start();
  } catch (error) {
    const open = "Open settings";
    const chosen = await vscode.window.showErrorMessage(
      `holdpoint cannot be started: ${error instanceof Error ? error.message : error}. Say where it is by holdpoint.path.`,
      open,
    );
    if (chosen === open) {
      await vscode.commands.executeCommand("workbench.action.openSettings", "holdpoint.path");
    }
  }
}

async function stop() {
  const running = client;
  client = undefined;
  if (running?.needsStop()) {
    await running.stop();
  }
}

async function activate(context) {
  context.subscriptions.push(
    vscode.commands.registerCommand("holdpoint.restart", async () => {
      await stop();
      await start();
    }),
    vscode.workspace.onDidChangeConfiguration(async (change) => {
      if (change.affectsConfiguration("holdpoint.path")) {
        await stop();
        await start();
      }
    }),
  );
  await start();
}

module.exports = { activate, deactivate: stop };
