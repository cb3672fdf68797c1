//! What goes over the wire: bodies in their media types, examples that follow what the reader chose, and where an answer
//! leads.
use super::{
    CodeBlock, Icon, Method, Path, Status, Tab, Tabs, Tone,
    follow::{Lead, Leads},
    link::Root,
    reference::outward,
    schema,
};
use leptos::prelude::*;
use portico_contract::{
    call,
    reference::{Body, Content, Example, Response, ResponseLink, Schema},
};

/// Samples of other bodies that a page bears.
const SAMPLES: usize = 12;

/// Which choices of an operation's page decide what is shown elsewhere on it.
pub struct Choices {
    body: Of,
    statuses: Option<Vec<Lead>>,
    responses: Vec<Of>,
}

/// Of one body or answer.
#[derive(Default)]
struct Of {
    media_types: Option<Vec<Lead>>,
    variants: Vec<Option<Vec<Lead>>>,
    /// Of each content, of each of its examples; empty where examples lead nothing.
    examples: Vec<Vec<Option<Lead>>>,
}

/// A body of the request's samples.
pub struct Sent {
    pub body: Option<call::Body>,
    /// What must be chosen for it to be shown, all together.
    pub chosen: Vec<Lead>,
}

impl Choices {
    pub fn of(body: Option<&Body>, responses: &[Response]) -> Self {
        let mut leads = Leads::default();
        // What every page has comes first, should the numbers run out.
        let statuses = leads.take(responses.len());
        let sent = body.map_or(&[][..], |body| &body.contents);
        let mut body = Of::contents(sent, &mut leads);
        let responses = responses.iter().map(|response| Of::contents(&response.contents, &mut leads)).collect();
        body.examples =
            sent.iter().enumerate().map(|(n, content)| body.lead_examples(n, content, &mut leads)).collect();
        Self { body, statuses, responses }
    }

    /// The bodies of the request's samples, each with what must be chosen for it; none where there is nothing to choose.
    pub fn sent(&self, body: Option<&Body>) -> Vec<Sent> {
        let contents = body.map_or(&[][..], |body| &body.contents);
        let followed = if self.body.media_types.is_some() { contents.len() } else { 1 };
        let of = |each: fn(&Of, usize, &Content) -> Vec<Sent>| -> Vec<Sent> {
            contents.iter().take(followed).enumerate().flat_map(|(n, content)| each(&self.body, n, content)).collect()
        };
        let all = of(Of::sent);
        let fitting = if all.len() > SAMPLES { of(|body, n, content| vec![body.first_sent(n, content)]) } else { all };
        if (2..=SAMPLES).contains(&fitting.len()) { fitting } else { Vec::new() }
    }
}

impl Of {
    fn contents(contents: &[Content], leads: &mut Leads) -> Self {
        let media_types = if contents.len() > 1 { leads.take(contents.len()) } else { None };
        let variants = contents.iter().map(|content| {
            let follows = content.examples.iter().any(|example| example.variant.is_some());
            let union = content.schema.as_ref().and_then(Schema::leading).filter(|_| follows);
            leads.take(union.map_or(0, |union| union.variants.len()))
        });
        let variants = variants.collect();
        Self { media_types, variants, examples: Vec::new() }
    }
    fn lead_examples(&self, n: usize, content: &Content, leads: &mut Leads) -> Vec<Option<Lead>> {
        let mut of = vec![None; content.examples.len()];
        for group in groups(&content.examples, self.variants(n)) {
            let sent = group.len() > 1 && group.iter().all(|at| content.examples[*at].sent.is_some());
            let taken = leads.take(if sent { group.len() } else { 0 });
            group.into_iter().zip(taken.into_iter().flatten()).for_each(|(at, lead)| of[at] = Some(lead));
        }
        of
    }
    fn first_sent(&self, n: usize, content: &Content) -> Sent {
        let of_example = content.examples.iter().find_map(|example| example.sent.clone());
        Sent { body: of_example.or(content.sent.clone()), chosen: self.media_type(n).into_iter().collect() }
    }
    fn sent(&self, n: usize, content: &Content) -> Vec<Sent> {
        let variants = self.variants(n);
        let mut sent = Vec::new();
        // What is of any variant stands beside those of each.
        let groups = groups(&content.examples, variants).into_iter().take(variants.map_or(1, <[Lead]>::len));
        for (at, group) in groups.enumerate() {
            let mut first = self.first_sent(n, content);
            first.chosen.extend(variants.map(|leads| leads[at]));
            let led = group.iter().filter_map(|at| Some((&content.examples[*at], self.example(n, *at)?)));
            let before = sent.len();
            sent.extend(led.map(|(example, lead)| Sent {
                body: example.sent.clone(),
                chosen: first.chosen.iter().copied().chain([lead]).collect(),
            }));
            if sent.len() == before {
                let own = group.iter().find_map(|at| content.examples[*at].sent.clone());
                sent.push(Sent { body: own.or(first.body), chosen: first.chosen });
            }
        }
        sent
    }
    fn example(&self, content: usize, example: usize) -> Option<Lead> {
        *self.examples.get(content)?.get(example)?
    }
    fn variants(&self, content: usize) -> Option<&[Lead]> {
        self.variants.get(content)?.as_deref()
    }
    fn media_type(&self, content: usize) -> Option<Lead> {
        self.media_types.as_ref()?.get(content).copied()
    }
}

/// Which examples are shown together: all; or those of each variant, and at last those of any.
fn groups(examples: &[Example], variants: Option<&[Lead]>) -> Vec<Vec<usize>> {
    let of = |variant: Option<u32>| -> Vec<usize> {
        let of = examples.iter().enumerate().filter(|(_, example)| example.variant == variant);
        of.map(|(at, _)| at).collect()
    };
    match variants {
        None => vec![(0..examples.len()).collect()],
        Some(leads) => (0..leads.len()).map(|at| of(u32::try_from(at).ok())).chain([of(None)]).collect(),
    }
}

/// What is sent.
pub fn body(body: Body, choices: &Choices, words: &'static str, root: &Root) -> AnyView {
    let required = if body.required { "required" } else { "optional" };
    let single = body.contents.len() == 1;
    let note = match body.contents.first() {
        Some(content) if single => {
            view! { {format!("{} · {required}", media_type(content))}{schema_link(content, root)} }.into_any()
        }
        _ => required.into_any(),
    };
    let folds = body.contents.iter().filter_map(|content| content.schema.as_ref()).any(schema::folds);
    let expander = folds.then(|| schema::expander("body"));
    let description = prose(body.description_html);
    view! {
        <section class="section" id="body">
            <div class="split"><h2>{words}</h2><div class="row tight"><span class="note">{note}</span>{expander}</div></div>
            {description}
            {contents(body.contents, &choices.body, "Media types of the body", Some("Example of the body"), root)}
        </section>
    }
    .into_any()
}

fn prose(html: String) -> Option<AnyView> {
    (!html.is_empty()).then(|| view! { <div class="prose" dir="auto" inner_html=html></div> }.into_any())
}

fn media_type(content: &Content) -> String {
    if content.stream { format!("{}, a stream", content.media_type) } else { content.media_type.clone() }
}

/// " · Pet", linked to the schema's page.
fn schema_link(content: &Content, root: &Root) -> Option<AnyView> {
    let name = content.schema.as_ref()?.link.clone()?;
    Some(view! { " · "<a href=root.schema(&name)>{name.clone()}</a> }.into_any())
}

/// One media type as it is, several as tabs. Without `label`, the examples stand elsewhere.
fn contents(contents: Vec<Content>, of: &Of, legend: &'static str, label: Option<&str>, root: &Root) -> AnyView {
    let single = contents.len() == 1;
    let mut drawn = contents.into_iter().enumerate().map(|(n, content)| {
        let media_type = media_type(&content);
        let label = label.map(|label| if single { label.to_owned() } else { format!("{label} as {media_type}") });
        Tab::new(media_type, content_of(content, (of, n), label.as_deref(), root)).leading(of.media_type(n))
    });
    if single {
        return drawn.next().map(Tab::into_panel).into_any();
    }
    let tabs: Vec<Tab> = drawn.collect();
    (!tabs.is_empty()).then(|| view! { <Tabs legend tabs/> }).into_any()
}

fn content_of(content: Content, (of, n): (&Of, usize), label: Option<&str>, root: &Root) -> AnyView {
    let stream = content.stream.then(|| view! { <p class="note">"Each item of the stream:"</p> });
    let schema = content.schema.map(|schema| schema::value(schema, of.variants(n), root));
    let encodings = (!content.encodings.is_empty()).then(|| {
        view! { <h3>"How parts are written"</h3>{schema::properties(content.encodings, root)} }
    });
    let examples = label.and_then(|label| folded(content.examples, (of, n), label));
    view! { <div class="stack">{stream}{schema}{encodings}{examples}</div> }.into_any()
}

fn folded(examples: Vec<Example>, (of, n): (&Of, usize), label: &str) -> Option<AnyView> {
    if examples.is_empty() {
        return None;
    }
    let words = if examples.len() == 1 || of.variants(n).is_some() { "Example" } else { "Examples" };
    Some(
        view! {
            <details class="children">
                <summary class="button small"><Icon name="right"/>{words}</summary>
                {self::examples(examples, (of, n), label, "framed short")}
            </details>
        }
        .into_any(),
    )
}

/// Those of the chosen variant, or all.
fn examples(examples: Vec<Example>, (of, n): (&Of, usize), label: &str, class: &'static str) -> AnyView {
    let variants = of.variants(n);
    let groups = groups(&examples, variants);
    let of_any = examples.iter().any(|example| example.variant.is_none());
    let mut examples: Vec<Option<Example>> = examples.into_iter().map(Some).collect();
    let mut drawn: Vec<AnyView> = groups
        .into_iter()
        .map(|group| {
            if group.is_empty() {
                return view! { <p class="body note">"No example of this variant."</p> }.into_any();
            }
            let led = group.into_iter().filter_map(|at| Some((examples[at].take()?, of.example(n, at)))).collect();
            example_tabs(led, label, class)
        })
        .collect();
    let Some(leads) = variants else { return drawn.into_any() };
    let of_any = drawn.pop().filter(|_| of_any);
    let following = leads
        .iter()
        .zip(drawn)
        .map(|(lead, examples)| view! { <div class=lead.follower()>{examples}</div> })
        .collect_view();
    view! { {following}{of_any} }.into_any()
}

/// One example as it is, several as tabs.
fn example_tabs(examples: Vec<(Example, Option<Lead>)>, label: &str, class: &'static str) -> AnyView {
    let single = examples.len() == 1;
    let mut tabs: Vec<Tab> = examples
        .into_iter()
        .map(|(example, lead)| {
            let label = if single { label.to_owned() } else { format!("{label}: {}", example.title) };
            let title = example.title.clone();
            Tab::new(title, self::example(example, label, class)).leading(lead)
        })
        .collect();
    if single {
        return tabs.pop().map(Tab::into_panel).into_any();
    }
    view! { <Tabs legend="Examples" tabs/> }.into_any()
}

fn example(example: Example, label: String, class: &'static str) -> AnyView {
    let description = prose(example.description_html);
    let elsewhere = example.link.map(|link| view! { <p>"It stands at "{outward(link)}"."</p> });
    let code = (!example.code.spans.is_empty()).then(|| view! { <CodeBlock code=example.code label class/> });
    let said = (description.is_some() || elsewhere.is_some())
        .then(|| view! { <div class="body note">{description}{elsewhere}</div> });
    view! { {said}{code} }.into_any()
}

/// What comes back, by status. The examples stand in the pane.
pub fn responses(responses: Vec<Response>, choices: &Choices, words: &'static str, root: &Root) -> AnyView {
    if responses.is_empty() {
        return view! {
            <section class="section" id="responses"><h2>{words}</h2><p class="prose">"The document names none."</p></section>
        }
        .into_any();
    }
    let contents = responses.iter().flat_map(|response| &response.contents);
    let expander = contents
        .filter_map(|content| content.schema.as_ref())
        .any(schema::folds)
        .then(|| schema::expander("responses"));
    let tabs = responses
        .into_iter()
        .enumerate()
        .map(|(n, response)| {
            let lead = choices.statuses.as_ref().and_then(|leads| leads.get(n).copied());
            Tab::new(status_words(&response), self::response(response, &choices.responses[n], root)).leading(lead)
        })
        .collect();
    view! {
        <section class="section" id="responses">
            <div class="split"><h2>{words}</h2>{expander}</div>
            <Tabs legend="By status" tabs/>
        </section>
    }
    .into_any()
}

fn status_words(response: &Response) -> String {
    if response.reason.is_empty() {
        response.status.clone()
    } else {
        format!("{} {}", response.status, response.reason)
    }
}

fn response(response: Response, of: &Of, root: &Root) -> AnyView {
    let description = prose(response.description_html);
    let headers = (!response.headers.is_empty())
        .then(|| view! { <h3>"Headers"</h3>{schema::properties(response.headers, root)} });
    let body = response.contents.first().map(|content| {
        let note = (response.contents.len() == 1).then(|| {
            view! { " "<small class="note">{media_type(content)}{schema_link(content, root)}</small> }
        });
        view! { <h3>"Body"{note}</h3> }
    });
    let contents = body.is_some().then(|| contents(response.contents, of, "Media types of the answer", None, root));
    let links = (!response.links.is_empty()).then(|| links(response.links, root));
    view! { <div class="stack">{description}{headers}{body}{contents}{links}</div> }.into_any()
}

/// Calls that can follow.
fn links(links: Vec<ResponseLink>, root: &Root) -> AnyView {
    let items = links
        .into_iter()
        .map(|link| {
            let target = match link.operation {
                Some(line) => view! {
                    <a href=root.operation(&line.slug)><Method method=line.method/>" "{line.title}</a>
                    <div><Path path=line.path/></div>
                }
                .into_any(),
                None => {
                    view! { <p>"Leads to "<code>{link.target}</code>", which is not described here."</p> }.into_any()
                }
            };
            let values = link
                .values
                .into_iter()
                .chain((!link.body.is_empty()).then(|| ("body".to_owned(), link.body)))
                .chain((!link.server.is_empty()).then(|| ("server".to_owned(), link.server)))
                .map(|(name, value)| view! { <dt><code>{name}</code></dt><dd><code>{value}</code></dd> })
                .collect_view();
            view! {
                <li class="param">
                    <div class="name"><code dir="auto">{link.name}</code></div>
                    <div class="about">{target}{prose(link.description_html)}<dl class="enum">{values}</dl></div>
                </li>
            }
        })
        .collect_view();
    view! { <h3>"Where to go from here"</h3><ul class="schema">{items}</ul> }.into_any()
}

/// The examples of all answers; the one of the chosen status shows.
pub fn answers(responses: &[Response], choices: &Choices) -> AnyView {
    let mut both = responses.iter().zip(&choices.responses);
    let cards: Vec<AnyView> = if let Some(leads) = &choices.statuses {
        let following = |((response, of), lead): ((&Response, &Of), &Lead)| {
            view! { <div class=lead.follower()>{answer(response, of)}</div> }.into_any()
        };
        both.zip(leads).map(following).collect()
    } else {
        // More than can be followed: the first success.
        let success = both.find(|(response, _)| response.status.starts_with('2'));
        success.map(|(response, of)| answer(response, of)).into_iter().collect()
    };
    cards.into_any()
}

fn answer(response: &Response, of: &Of) -> AnyView {
    let words = status_words(response);
    let tone = match response.status.as_bytes().first() {
        Some(b'4') => Tone::Warn,
        Some(b'5') => Tone::Danger,
        Some(b'1'..=b'3') => Tone::Ok,
        _ => Tone::Muted,
    };
    let label = format!("Example of {words}");
    let given: Vec<(usize, &Content)> =
        response.contents.iter().enumerate().filter(|(_, content)| !content.examples.is_empty()).collect();
    let body = if given.is_empty() {
        let said = match response.contents.first() {
            None => "No body.".to_owned(),
            Some(content) => format!("{}, without an example.", media_type(content)),
        };
        view! { <p class="body note">{said}</p> }.into_any()
    } else {
        let followed = of.media_types.is_some();
        response
            .contents
            .iter()
            .enumerate()
            // Where the choice of a media type is not followed, the first example is shown.
            .filter(|(n, _)| followed || given.first().is_some_and(|(first, _)| first == n))
            .map(|(n, content)| {
                let drawn = if content.examples.is_empty() {
                    view! { <p class="body note">{format!("{}, without an example.", media_type(content))}</p> }
                        .into_any()
                } else {
                    view! {
                        <p class="media note">{media_type(content)}</p>
                        <div class="in-card">{examples(content.examples.clone(), (of, n), &label, "")}</div>
                    }
                    .into_any()
                };
                match of.media_type(n) {
                    Some(lead) => view! { <div class=lead.follower()>{drawn}</div> }.into_any(),
                    None => drawn,
                }
            })
            .collect_view()
            .into_any()
    };
    view! {
        <section class="card">
            <div class="head"><h2 class="visually-hidden">"Response "{response.status.clone()}</h2><Status text=words tone/></div>
            {body}
        </section>
    }
    .into_any()
}
