//! Plans by hand.

use std::time::Duration;

use holdpoint_model::*;

pub(crate) fn plan(steps: impl IntoIterator<Item = Step>) -> Plan {
    Plan {
        kind: DocumentKind::Annotated,
        title: "A plan".into(),
        front: FrontMatter::default(),
        steps: steps.into_iter().collect(),
        passages: Vec::new(),
        former: None,
    }
}

pub(crate) fn step(id: &str) -> Step {
    Step {
        file: None,
        id: id.into(),
        number: "1".into(),
        title: id.into(),
        once_titled: None,
        path: Vec::new(),
        span: Span::default(),
        digest: String::new(),
        role: None,
        when: Vec::new(),
        target: None,
        rollout: None,
        on_failure: OnFailure::Ask,
        expected: None,
        irreversible: false,
        alternatives: Vec::new(),
        skippable: true,
        not_before: None,
        actions: Vec::new(),
        rollbacks: Vec::new(),
    }
}

pub(crate) fn block() -> Block {
    Block {
        language: "sh".into(),
        interpreter: vec!["sh".into()],
        script: "true\n".into(),
        span: Span::default(),
        options: Options::default(),
        expect: Vec::new(),
        probe: None,
        offered: None,
    }
}

pub(crate) fn expect(that: Expected) -> Expectation {
    Expectation { that, span: Span::default() }
}

pub(crate) fn capture(name: &str, from: CaptureFrom) -> Capture {
    Capture { name: name.into(), from, empty: false, null: false }
}

/// Fields named in tests take a number from 0 to 10.
pub(crate) fn field(name: &str) -> Field {
    Field {
        name: name.into(),
        prompt: None,
        kind: ValueKind::Number { min: Some(0_i64.into()), max: Some(10_i64.into()) },
        evidence: None,
        may_be_empty: false,
    }
}

pub(crate) fn sign_off(role: &str) -> SignOff {
    SignOff {
        role: role.into(),
        meaning: Meaning::Approval,
        statement: "I approve.".into(),
        independent: false,
        count: 1,
        expires: None,
    }
}

/// Steps, written down one thing after the other.
pub(crate) trait Written: Sized {
    fn work(self, work: Work) -> Self;
    fn run(self) -> Self {
        self.work(Work::Run(block()))
    }
    fn check(self) -> Self {
        self.work(Work::Check(block()))
    }
    fn confirm(self) -> Self {
        self.work(Work::Confirm { text: "Do it.".into() })
    }
    fn record(self, names: &[&str]) -> Self {
        self.work(Work::Record { fields: names.iter().map(|name| field(name)).collect() })
    }
    fn sign_off(self, role: &str) -> Self {
        self.work(Work::SignOff(sign_off(role)))
    }
    /// Changes the block written last.
    fn with(self, how: impl FnOnce(&mut Block)) -> Self;
    /// Changes the hold point written last.
    fn signed_off(self, how: impl FnOnce(&mut SignOff)) -> Self;
    /// Changes the fields written last.
    fn fields(self, how: impl FnOnce(&mut [Field])) -> Self;
    /// Warns before the action written last.
    fn caution(self, text: &str) -> Self;
    fn rollback(self) -> Self {
        self.rollback_with(|_| ())
    }
    fn rollback_with(self, how: impl FnOnce(&mut Block)) -> Self;
    fn when(self, condition: &str) -> Self;
    fn on_failure(self, what: OnFailure) -> Self;
    fn irreversible(self) -> Self;
    fn mandatory(self) -> Self;
    fn captures(self, name: &str) -> Self {
        self.with(|block| block.options.capture.push(capture(name, CaptureFrom::Stdout)))
    }
    /// Holds for so many seconds, tried every so many; a try may take 20.
    fn hold(self, for_: u64, every: u64) -> Self {
        self.with(|block| {
            block.options.timeout = Some(Duration::from_secs(20));
            block.options.hold =
                Some(Hold { for_: Duration::from_secs(for_), every: Duration::from_secs(every) });
        })
    }
    fn retry(self, every: u64, for_: u64) -> Self {
        self.with(|block| {
            block.options.idempotent = true;
            block.options.retry =
                Some(Retry { every: Duration::from_secs(every), for_: Duration::from_secs(for_) });
        })
    }
}

impl Written for Step {
    fn work(mut self, work: Work) -> Step {
        let id = format!("{}#{}", self.id, self.actions.len() + 1);
        self.actions.push(Action { id, span: Span::default(), prose: None, caution: None, work, once: None });
        self
    }

    fn with(mut self, how: impl FnOnce(&mut Block)) -> Step {
        match &mut self.actions.last_mut().unwrap().work {
            Work::Run(block) | Work::Check(block) => how(block),
            _ => panic!("no block"),
        }
        self
    }

    fn signed_off(mut self, how: impl FnOnce(&mut SignOff)) -> Step {
        match &mut self.actions.last_mut().unwrap().work {
            Work::SignOff(sign_off) => how(sign_off),
            _ => panic!("no hold point"),
        }
        self
    }

    fn fields(mut self, how: impl FnOnce(&mut [Field])) -> Step {
        match &mut self.actions.last_mut().unwrap().work {
            Work::Record { fields } => how(fields),
            _ => panic!("no record"),
        }
        self
    }

    fn caution(mut self, text: &str) -> Step {
        self.actions.last_mut().unwrap().caution = Some(text.into());
        self
    }

    fn rollback_with(mut self, how: impl FnOnce(&mut Block)) -> Step {
        let mut undo = block();
        how(&mut undo);
        self.rollbacks.push(undo);
        self
    }

    fn when(mut self, condition: &str) -> Step {
        self.when.push(condition.into());
        self
    }

    fn on_failure(mut self, what: OnFailure) -> Step {
        self.on_failure = what;
        self
    }

    fn irreversible(mut self) -> Step {
        self.irreversible = true;
        self
    }

    fn mandatory(mut self) -> Step {
        self.skippable = false;
        self
    }
}
