//! The server: documents as the editor has them, and answers to what it asks.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, TryRecvError, channel};

use holdpoint_document::Span;
use lsp_server::{ErrorCode, Message, Notification, Request, RequestId, ResponseError};
use lsp_types::{
    CodeAction, CodeActionKind, CodeActionParams, CompletionParams, DidChangeTextDocumentParams,
    DidCloseTextDocumentParams, DidOpenTextDocumentParams, DocumentSymbolParams, GotoDefinitionParams,
    HoverParams, Location, Position, PublishDiagnosticsParams, Range, RenameParams,
    TextDocumentPositionParams, TextEdit, Uri, WorkspaceEdit,
};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, from_value, json};
use url::Url;

use crate::definition::{Leads, definition};
use crate::text::Text;
use crate::wire::{Came, next};
use crate::{Host, Read, actions, complete, findings, hover, outline, rename};

/// Answers whoever writes to `input`, until they say `exit` or close it. Whether it ended as it should: `shutdown` came first.
///
/// # Errors
/// Nothing can be written any more.
pub fn serve(
    input: impl BufRead + Send + 'static,
    output: &mut dyn Write,
    host: &dyn Host,
) -> io::Result<bool> {
    let (sender, came) = channel();
    // Reads on while an answer is made, so that what is out of date by then is never answered.
    std::thread::spawn(move || {
        let mut input = input;
        while let Ok(Some(message)) = next(&mut input) {
            if sender.send(message).is_err() {
                return;
            }
        }
    });
    let mut server = Server { host, output, open: BTreeMap::new(), begun: false, ending: false };
    server.until_the_end(&came)
}

/// A document as the editor has it.
struct Document {
    path: PathBuf,
    text: Text,
    version: Option<i32>,
    /// What was read of this very text; `None` where it has changed since.
    read: Option<Read>,
}

struct Server<'s> {
    host: &'s dyn Host,
    output: &'s mut dyn Write,
    /// By URI, as the editor spells it.
    open: BTreeMap<String, Document>,
    begun: bool,
    ending: bool,
}

/// An answer as it is written: some are long, and are not copied once more on the way.
type Answer = Box<RawValue>;

/// A response with such an answer, or with why there is none.
#[derive(Serialize)]
struct Response {
    jsonrpc: &'static str,
    id: RequestId,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<Answer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ResponseError>,
}

/// Something that nobody asked for.
#[derive(Serialize)]
struct ServerNotification {
    jsonrpc: &'static str,
    method: &'static str,
    params: Box<RawValue>,
}

/// Why a request has no answer.
type Refusal = (ErrorCode, String);

impl Server<'_> {
    fn until_the_end(&mut self, came: &Receiver<Came>) -> io::Result<bool> {
        loop {
            // Findings are told once there is nothing else to be read: who types fast is not held up.
            let message = match came.try_recv() {
                Ok(message) => message,
                Err(TryRecvError::Disconnected) => return Ok(self.ending),
                Err(TryRecvError::Empty) => {
                    self.publish()?;
                    let Ok(message) = came.recv() else { return Ok(self.ending) };
                    message
                }
            };
            match message {
                Came::Malformed(why) => {
                    let error = json!({"code": ErrorCode::ParseError as i32, "message": why});
                    self.send(&json!({"jsonrpc": "2.0", "id": null, "error": error}))?;
                }
                Came::Message(Message::Request(request)) => self.request(request)?,
                Came::Message(Message::Notification(told)) if told.method == "exit" => return Ok(self.ending),
                Came::Message(Message::Notification(told)) => self.notification(told)?,
                Came::Message(Message::Response(_)) => {}
            }
        }
    }

    fn send(&mut self, message: &impl Serialize) -> io::Result<()> {
        let text = serde_json::to_string(message)?;
        write!(self.output, "Content-Length: {}\r\n\r\n{text}", text.len())?;
        self.output.flush()
    }

    fn request(&mut self, request: Request) -> io::Result<()> {
        let answer = match request.method.as_str() {
            "initialize" => {
                self.begun = true;
                written(abilities())
            }
            _ if !self.begun => Err((ErrorCode::ServerNotInitialized, "`initialize` comes first".to_owned())),
            "shutdown" => {
                self.ending = true;
                written(Value::Null)
            }
            _ if self.ending => Err((ErrorCode::InvalidRequest, "`shutdown` came before".to_owned())),
            method => self.answer(method, request.params),
        };
        let (result, error) = match answer {
            Ok(result) => (Some(result), None),
            Err((code, message)) => (None, Some(ResponseError { code: code as i32, message, data: None })),
        };
        self.send(&Response { jsonrpc: "2.0", id: request.id, result, error })
    }

    fn answer(&mut self, method: &str, params: Value) -> Result<Answer, Refusal> {
        match method {
            "textDocument/hover" => {
                let asked: HoverParams = read_params(params)?;
                self.at(&asked.text_document_position_params, |_, document, read, offset| {
                    written(hover::hover(&document.text, &read.plan, offset))
                })
            }
            "textDocument/completion" => {
                let asked: CompletionParams = read_params(params)?;
                let host = self.host;
                self.at(&asked.text_document_position, |_, document, read, offset| {
                    written(complete::complete(&document.text, Some(read), host, offset))
                })
            }
            "textDocument/definition" => {
                let asked: GotoDefinitionParams = read_params(params)?;
                self.at(&asked.text_document_position_params, |uri, document, read, offset| {
                    let leads = definition(&document.path, &document.text, read, offset);
                    written(leads.and_then(|leads| location(uri, document, leads)))
                })
            }
            "textDocument/documentSymbol" => {
                let asked: DocumentSymbolParams = read_params(params)?;
                self.of(&asked.text_document.uri, |document, read| {
                    written(outline::outline(&document.text, &read.plan))
                })
            }
            "textDocument/codeAction" => {
                let asked: CodeActionParams = read_params(params)?;
                let uri = asked.text_document.uri.clone();
                self.of(&uri, |document, read| written(code_actions(document, read, &asked)))
            }
            "textDocument/prepareRename" => {
                let asked: TextDocumentPositionParams = read_params(params)?;
                self.at(&asked, |_, document, read, offset| {
                    let at = rename::places(&document.text, read, offset);
                    let here = |span: &&Span| (span.start..=span.end).contains(&offset);
                    let span = at.and_then(|(_, spans)| spans.iter().find(here).copied());
                    written(span.map(|span| document.text.range(span)))
                })
            }
            "textDocument/rename" => {
                let asked: RenameParams = read_params(params)?;
                self.at(&asked.text_document_position, |uri, document, read, offset| {
                    let Some((old, spans)) = rename::places(&document.text, read, offset) else {
                        let why =
                            "only an id that was given by hand (`#| id: …`) has another name to be given";
                        return Err((ErrorCode::RequestFailed, why.to_owned()));
                    };
                    let refused = rename::refused(read, &asked.new_name).filter(|_| old != asked.new_name);
                    if let Some(why) = refused {
                        return Err((ErrorCode::RequestFailed, why));
                    }
                    let edit = |span: Span| TextEdit::new(document.text.range(span), asked.new_name.clone());
                    written(edits(uri, spans.into_iter().map(edit).collect()))
                })
            }
            _ => Err((ErrorCode::MethodNotFound, format!("`{method}` is nothing that is answered here"))),
        }
    }

    /// What `make` makes of an open document. One that is not open has nothing to be said of.
    fn of(
        &mut self,
        uri: &Uri,
        make: impl FnOnce(&Document, &Read) -> Result<Answer, Refusal>,
    ) -> Result<Answer, Refusal> {
        let host = self.host;
        let Some(document) = self.open.get_mut(uri.as_str()) else { return written(Value::Null) };
        let read = document.read.take().unwrap_or_else(|| host.read(&document.path, document.text.as_str()));
        let made = make(document, &read);
        document.read = Some(read);
        made
    }

    fn at(
        &mut self,
        asked: &TextDocumentPositionParams,
        make: impl FnOnce(&str, &Document, &Read, usize) -> Result<Answer, Refusal>,
    ) -> Result<Answer, Refusal> {
        let uri = &asked.text_document.uri;
        self.of(uri, |document, read| {
            let offset = document.text.offset(asked.position);
            make(uri.as_str(), document, read, offset)
        })
    }

    fn notification(&mut self, told: Notification) -> io::Result<()> {
        match told.method.as_str() {
            "textDocument/didOpen" => {
                if let Ok(DidOpenTextDocumentParams { text_document: it }) = from_value(told.params)
                    && let Some(path) = path_of(it.uri.as_str())
                {
                    self.put(it.uri.as_str(), path, it.text, Some(it.version));
                }
            }
            "textDocument/didChange" => {
                if let Ok(DidChangeTextDocumentParams { text_document: it, content_changes }) =
                    from_value(told.params)
                    && let Some(document) = self.open.remove(it.uri.as_str())
                {
                    let mut text = document.text;
                    for change in content_changes {
                        text = Text::new(match change.range {
                            Some(range) => text.changed(range, &change.text),
                            None => change.text,
                        });
                    }
                    let document = Document { text, version: Some(it.version), read: None, ..document };
                    self.open.insert(it.uri.as_str().to_owned(), document);
                }
            }
            "textDocument/didClose" => {
                if let Ok(DidCloseTextDocumentParams { text_document: it }) = from_value(told.params)
                    && self.open.remove(it.uri.as_str()).is_some()
                {
                    self.publish_of(it.uri.as_str(), None, Vec::new())?;
                }
            }
            // The configuration or a file that is included may be another one now.
            "textDocument/didSave" | "workspace/didChangeWatchedFiles" => {
                self.open.values_mut().for_each(|document| document.read = None);
            }
            _ => {}
        }
        Ok(())
    }

    fn put(&mut self, uri: &str, path: PathBuf, text: String, version: Option<i32>) {
        self.open.insert(uri.to_owned(), Document { path, text: Text::new(text), version, read: None });
    }

    /// Tells the findings of every document that was not read yet as it is now.
    fn publish(&mut self) -> io::Result<()> {
        let changed: BTreeSet<String> = self
            .open
            .iter()
            .filter(|(_, document)| document.read.is_none())
            .map(|(uri, _)| uri.clone())
            .collect();
        for uri in changed {
            let host = self.host;
            let Some(document) = self.open.get_mut(&uri) else { continue };
            let read = host.read(&document.path, document.text.as_str());
            let found = findings::diagnostics(&document.text, &read, uri_of);
            let version = document.version;
            document.read = Some(read);
            self.publish_of(&uri, version, found)?;
        }
        Ok(())
    }

    fn publish_of(
        &mut self,
        uri: &str,
        version: Option<i32>,
        found: Vec<lsp_types::Diagnostic>,
    ) -> io::Result<()> {
        let Ok(uri) = uri.parse() else { return Ok(()) };
        let params = PublishDiagnosticsParams::new(uri, found, version);
        let params = serde_json::value::to_raw_value(&params)?;
        self.send(&ServerNotification { jsonrpc: "2.0", method: "textDocument/publishDiagnostics", params })
    }
}

fn abilities() -> Value {
    json!({
        "capabilities": {
            "positionEncoding": "utf-16",
            "textDocumentSync": {"openClose": true, "change": 2, "save": true},
            "hoverProvider": true,
            "completionProvider": {"triggerCharacters": [" ", "$", "{", "#", ":", "|"]},
            "definitionProvider": true,
            "documentSymbolProvider": true,
            "codeActionProvider": {"codeActionKinds": ["quickfix"]},
            "renameProvider": {"prepareProvider": true},
        },
        "serverInfo": {"name": "holdpoint", "version": env!("CARGO_PKG_VERSION")},
    })
}

fn written(answer: impl Serialize) -> Result<Answer, Refusal> {
    serde_json::value::to_raw_value(&answer).map_err(|error| (ErrorCode::InternalError, error.to_string()))
}

fn read_params<T: serde::de::DeserializeOwned>(params: Value) -> Result<T, Refusal> {
    from_value(params).map_err(|error| (ErrorCode::InvalidParams, error.to_string()))
}

/// The file that a URI names; `None` for what is no file of this machine.
fn path_of(uri: &str) -> Option<PathBuf> {
    let url = Url::parse(uri).ok()?;
    match url.scheme() {
        "file" => url.to_file_path().ok(),
        // Not saved yet: it has no place, and whatever stands at its name is none of it.
        "untitled" => Some(PathBuf::from("untitled.md")),
        _ => None,
    }
}

fn uri_of(path: &Path) -> Option<Uri> {
    Url::from_file_path(path).ok()?.as_str().parse().ok()
}

fn location(uri: &str, document: &Document, leads: Leads) -> Option<Location> {
    match leads {
        Leads::Here(span) => Some(Location::new(uri.parse().ok()?, document.text.range(span))),
        Leads::File(path) => {
            let top = Position::new(0, 0);
            Some(Location::new(uri_of(&path)?, Range::new(top, top)))
        }
    }
}

fn edits(uri: &str, edits: Vec<TextEdit>) -> Value {
    json!({"changes": {uri: edits}})
}

fn code_actions(document: &Document, read: &Read, asked: &CodeActionParams) -> Vec<CodeAction> {
    let uri = &asked.text_document.uri;
    let shown = findings::diagnostics(&document.text, read, uri_of);
    let mends = actions::mends(&document.text, read, asked.range);
    let action = |mend: actions::Mend| CodeAction {
        title: mend.title,
        kind: Some(CodeActionKind::QUICKFIX),
        diagnostics: mend.of.and_then(|of| shown.get(of)).cloned().map(|found| vec![found]),
        edit: from_value::<WorkspaceEdit>(edits(
            uri.as_str(),
            mend.edits.into_iter().map(|(range, text)| TextEdit::new(range, text)).collect(),
        ))
        .ok(),
        ..CodeAction::default()
    };
    mends.into_iter().map(action).collect()
}
