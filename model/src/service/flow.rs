use serde::{Deserialize, Serialize};

use crate::id::GroupId;

/// What a new conversation goes through before a human: steps in order, the last one routes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Flow {
    /// The steps, at least one of them a [`Step::Route`].
    pub steps: Vec<Step>,
}

/// One step of a flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Step {
    /// Sends a text to the customer.
    Say(String),
    /// Hands the conversation to a group's queue; ends the flow.
    Route(GroupId),
}

impl Flow {
    /// The group this flow ends at, if it routes at all.
    pub fn group(&self) -> Option<GroupId> {
        self.steps.iter().find_map(|step| match step {
            Step::Route(group) => Some(*group),
            Step::Say(_) => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flow_ends_at_its_first_route() {
        let say = || Step::Say("hello".to_owned());
        let flow = |steps| Flow { steps };
        assert_eq!(flow(vec![say()]).group(), None);
        let route = |id| Step::Route(GroupId(id));
        assert_eq!(flow(vec![say(), route(4), say(), route(5)]).group(), Some(GroupId(4)));
    }

    #[test]
    fn a_flow_is_written_as_a_list_of_steps() {
        let json = r#"[{"say":"Olá"},{"route":4}]"#;
        let flow: Flow = serde_json::from_str(json).unwrap();
        assert_eq!(flow.steps, [Step::Say("Olá".to_owned()), Step::Route(GroupId(4))]);
        assert_eq!(serde_json::to_string(&flow).unwrap(), json);
        assert!(serde_json::from_str::<Flow>(r#"[{"jump":4}]"#).is_err());
    }
}
