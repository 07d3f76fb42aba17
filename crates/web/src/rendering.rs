//! Pages. Every text in them is made harmless and escaped.

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context, escape_formatter};

/// Templates that stand inside of the frame of all pages.
const TEMPLATES: [(&str, &str); 6] = [
    ("frame.html", include_str!("page/frame.html")),
    ("list.html", include_str!("page/list.html")),
    ("passkey.html", include_str!("page/passkey.html")),
    ("run.html", include_str!("page/run.html")),
    ("sign_in.html", include_str!("page/sign_in.html")),
    ("trouble.html", include_str!("page/trouble.html")),
];

/// What pages are made from.
pub(crate) struct Pages(Environment<'static>);

impl Pages {
    pub(crate) fn new() -> Pages {
        let mut env = Environment::new();
        env.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        match SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build() {
            Ok(syntax) => env.set_syntax(syntax),
            Err(error) => unreachable!("it is made of constants: {error}"),
        }
        env.set_auto_escape_callback(|_| AutoEscape::Html);
        env.set_formatter(|out, state, value| match value.as_str().filter(|_| !value.is_safe()) {
            Some(text) => {
                let harmless = holdpoint_model::visible(text.as_bytes());
                escape_formatter(out, state, &Value::from(harmless))
            }
            None => escape_formatter(out, state, value),
        });
        for (name, template) in TEMPLATES {
            if let Err(error) = env.add_template(name, template) {
                unreachable!("a template of ours is none: {error}");
            }
        }
        Pages(env)
    }

    /// The page of a template, in its frame.
    pub(crate) fn render(&self, template: &str, of: Value) -> String {
        let made = || {
            let body = self.0.get_template(template)?.render(&of)?;
            self.0
                .get_template("frame.html")?
                .render(context! { body => Value::from_safe_string(body), ..of.clone() })
        };
        made().unwrap_or_else(|error| {
            unreachable!("a template of ours does not go with what it is given: {error}")
        })
    }
}
