"""The server through a client that others wrote: every message is read into the types of the protocol."""

import os
import pathlib

import pytest
import pytest_lsp
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities

BOOK = pathlib.Path(os.environ["BOOK"]).resolve()
TEXT = BOOK.read_text()
URI = BOOK.as_uri()


@pytest_lsp.fixture(config=ClientServerConfig(server_command=[os.environ["HOLDPOINT"], "lsp"]))
async def client(lsp_client: LanguageClient):
    capabilities = client_capabilities("visual-studio-code")
    params = types.InitializeParams(capabilities=capabilities, root_uri=BOOK.parent.as_uri())
    await lsp_client.initialize_session(params)
    opened(lsp_client, URI, TEXT)
    await lsp_client.wait_for_notification(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    yield
    await lsp_client.shutdown_session()


def opened(client, uri, text):
    item = types.TextDocumentItem(uri=uri, language_id="markdown", version=1, text=text)
    client.text_document_did_open(types.DidOpenTextDocumentParams(text_document=item))


def place(needle):
    before = TEXT[: TEXT.index(needle) + 1]
    column = len(before.rsplit("\n", 1)[-1].encode("utf-16-le")) // 2
    return types.Position(line=before.count("\n"), character=column)


def document():
    return types.TextDocumentIdentifier(uri=URI)


@pytest.mark.asyncio
async def test_findings(client: LanguageClient):
    uri = BOOK.with_name("other.md").as_uri()
    opened(client, uri, TEXT.replace("role: qa", "role: 𝄞"))
    await client.wait_for_notification(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    found = [it for it in client.diagnostics[uri] if it.code == "undeclared"]
    assert [(it.range.start.character, it.range.end.character) for it in found] == [(6, 8)]
    assert found[0].severity == types.DiagnosticSeverity.Error


@pytest.mark.asyncio
async def test_hover(client: LanguageClient):
    params = types.HoverParams(text_document=document(), position=place('./switch.sh "'))
    hover = await client.text_document_hover_async(params)
    assert "**Step 2**" in hover.contents.value


@pytest.mark.asyncio
async def test_completion(client: LanguageClient):
    params = types.CompletionParams(text_document=document(), position=place("operator\n```"))
    items = await client.text_document_completion_async(params)
    assert [item.label for item in items] == ["operator", "qa"]


@pytest.mark.asyncio
async def test_outline(client: LanguageClient):
    params = types.DocumentSymbolParams(text_document=document())
    symbols = await client.text_document_document_symbol_async(params)
    assert symbols[-1].name == "3 Sign it off"


@pytest.mark.asyncio
async def test_definition(client: LanguageClient):
    params = types.DefinitionParams(text_document=document(), position=place("common/checks.md"))
    found = await client.text_document_definition_async(params)
    assert found.uri == BOOK.with_name("common").joinpath("checks.md").as_uri()


@pytest.mark.asyncio
async def test_rename(client: LanguageClient):
    position = place("switch\n#| timeout")
    params = types.RenameParams(text_document=document(), position=position, new_name="over")
    edit = await client.text_document_rename_async(params)
    assert [it.new_text for it in edit.changes[URI]] == ["over"]


@pytest.mark.asyncio
async def test_fixes(client: LanguageClient):
    uri = BOOK.with_name("fix.md").as_uri()
    opened(client, uri, TEXT.replace("```sh check", "```sh chek"))
    await client.wait_for_notification(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    found = next(it for it in client.diagnostics[uri] if it.code == "unknown-kind")
    context = types.CodeActionContext(diagnostics=[found])
    identifier = types.TextDocumentIdentifier(uri=uri)
    params = types.CodeActionParams(text_document=identifier, range=found.range, context=context)
    actions = await client.text_document_code_action_async(params)
    assert actions[0].title == "Write `sh check`"
    assert actions[0].edit.changes[uri][0].new_text == "sh check"
