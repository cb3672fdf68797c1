//! Tidewater, the small service that `make run` publishes as a worked example: harbours, tides, bookings, in memory.
//!
//! It stands behind the gateway as anybody's service would and knows nothing of Portico. `tidewater.yaml` beside it is
//! its description. `TIDEWATER_LISTEN` is where it listens (default `127.0.0.1:9090`).

use std::{
    collections::BTreeMap,
    env,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Json, Router,
    extract::{
        FromRequest, Path, Query, Request, State,
        rejection::{JsonRejection, QueryRejection},
    },
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::{Date, Duration, OffsetDateTime, Time, format_description::well_known::Rfc3339, macros::format_description};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = env::var("TIDEWATER_LISTEN").unwrap_or_else(|_| "127.0.0.1:9090".to_owned());
    let listener = tokio::net::TcpListener::bind(&address)
        .await
        .map_err(|error| format!("Tidewater cannot listen on {address}: {error}"))?;
    Ok(axum::serve(listener, service()).await?)
}

fn service() -> Router {
    Router::new()
        .route("/ports", get(list_ports))
        .route("/ports/{port}", get(get_port))
        .route("/ports/{port}/tides", get(list_tides))
        .route("/ports/{port}/berths", get(list_berths))
        .route("/bookings", get(list_bookings).post(create_booking))
        .route("/bookings/{booking}", get(get_booking).delete(cancel_booking))
        .route("/status", get(status))
        .with_state(Office::default())
}

struct Port {
    id: &'static str,
    name: &'static str,
    country: &'static str,
    position: (f64, f64),
    /// Half of the difference between high and low water, in metres.
    tide: f64,
    berths: &'static [Berth],
}

#[derive(Serialize)]
struct Berth {
    id: &'static str,
    length: f64,
    depth: f64,
    shore_power: Option<u16>,
}

const fn berth(id: &'static str, length: f64, depth: f64, shore_power: Option<u16>) -> Berth {
    Berth { id, length, depth, shore_power }
}

const PORTS: &[Port] = &[
    Port {
        id: "fairhaven",
        name: "Fairhaven",
        country: "GB",
        position: (50.48, -4.02),
        tide: 2.3,
        berths: &[berth("f1", 140.0, 7.5, Some(125)), berth("f2", 18.0, 3.0, Some(32)), berth("f3", 12.0, 2.2, None)],
    },
    Port {
        id: "nordvik",
        name: "Nordvik",
        country: "NO",
        position: (62.31, 5.64),
        tide: 0.9,
        berths: &[berth("n1", 95.0, 6.0, Some(125)), berth("n2", 14.0, 2.5, Some(32)), berth("n3", 9.0, 1.8, Some(16))],
    },
    Port {
        id: "oosterhaven",
        name: "Oosterhaven",
        country: "NL",
        position: (53.38, 6.19),
        tide: 1.4,
        berths: &[berth("o1", 60.0, 4.5, Some(63)), berth("o2", 16.0, 2.4, Some(16))],
    },
    Port {
        id: "praiamansa",
        name: "Praia Mansa",
        country: "PT",
        position: (37.07, -8.93),
        tide: 1.6,
        berths: &[berth("p1", 45.0, 5.0, Some(63)), berth("p2", 20.0, 3.5, Some(32)), berth("p3", 10.0, 2.0, None)],
    },
];

fn find_port(id: &str) -> Result<&'static Port, Problem> {
    let port = PORTS.iter().find(|port| port.id == id);
    port.ok_or_else(|| problem(StatusCode::NOT_FOUND, "no_such_port", format!("there is no port {id:?}")))
}

impl Port {
    fn view(&self) -> serde_json::Value {
        let (lat, lon) = self.position;
        json!({
            "id": self.id,
            "name": self.name,
            "country": self.country,
            "position": { "lat": lat, "lon": lon },
            "berths": self.berths.len(),
        })
    }

    /// High and low waters of a day: the moon passes twice in 24 h 50 min, and the sea follows her.
    fn tides(&self, day: Date) -> Vec<serde_json::Value> {
        const QUARTER: Duration = Duration::seconds(89_428 / 4);
        // A high water of this port, long ago.
        let (_, lon) = self.position;
        let known = time::macros::datetime!(2000-01-01 00:00 UTC) + Duration::minutes((lon * 4.0) as i64 + 600);
        let start = OffsetDateTime::new_utc(day, Time::MIDNIGHT);
        let first = (start - known).whole_seconds().div_euclid(QUARTER.whole_seconds());
        (first..first + 6)
            .map(|turn| (known + QUARTER * i32::try_from(turn).unwrap_or_default(), turn.rem_euclid(2) == 0))
            .filter(|(time, _)| time.date() == day)
            .map(|(time, high)| {
                let height = if high { 2.0 * self.tide + 0.4 } else { 0.4 };
                json!({
                    "time": time.format(&Rfc3339).unwrap_or_default(),
                    "kind": if high { "high" } else { "low" },
                    "height": (height * 10.0).round() / 10.0,
                })
            })
            .collect()
    }
}

#[derive(Clone, Default)]
struct Office(Arc<Mutex<Bookings>>);

#[derive(Default)]
struct Bookings {
    made: u64,
    by_number: BTreeMap<u64, NewBooking>,
}

impl Office {
    fn bookings(&self) -> MutexGuard<'_, Bookings> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct NewBooking {
    port: String,
    berth: String,
    arrival: String,
    departure: String,
    vessel: Vessel,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    remarks: Option<String>,
}

#[derive(Clone, Deserialize, Serialize)]
struct Vessel {
    #[serde(flatten)]
    kind: Kind,
    name: String,
    length: f64,
    draught: f64,
}

#[derive(Clone, Deserialize, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Kind {
    Sailing {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mast_height: Option<f64>,
    },
    Cargo {
        goods: Vec<String>,
        #[serde(default)]
        dangerous: bool,
    },
    Ferry {
        passengers: u16,
        #[serde(default)]
        cars: Option<u16>,
    },
}

#[derive(Deserialize)]
struct PortFilter {
    country: Option<String>,
    min_depth: Option<f64>,
}

async fn list_ports(filter: Result<Query<PortFilter>, QueryRejection>) -> Result<Json<serde_json::Value>, Problem> {
    let Query(filter) =
        filter.map_err(|refused| problem(StatusCode::BAD_REQUEST, "invalid_parameter", refused.body_text()))?;
    let wanted = |port: &&Port| {
        filter.country.as_deref().is_none_or(|country| country == port.country)
            && filter.min_depth.is_none_or(|depth| port.berths.iter().any(|berth| berth.depth >= depth))
    };
    Ok(Json(json!({ "items": PORTS.iter().filter(wanted).map(Port::view).collect::<Vec<_>>() })))
}

async fn get_port(Path(port): Path<String>) -> Result<Json<serde_json::Value>, Problem> {
    Ok(Json(find_port(&port)?.view()))
}

#[derive(Deserialize)]
struct DayFilter {
    date: Option<String>,
}

async fn list_tides(
    Path(port): Path<String>,
    Query(day): Query<DayFilter>,
) -> Result<Json<serde_json::Value>, Problem> {
    let port = find_port(&port)?;
    let text = day.date.unwrap_or_default();
    let day = date(&text).ok_or_else(|| {
        problem(StatusCode::BAD_REQUEST, "invalid_parameter", format!("date is {text:?}, not a day like 2026-06-21"))
    })?;
    Ok(Json(json!({ "port": port.id, "date": text, "items": port.tides(day) })))
}

async fn list_berths(Path(port): Path<String>) -> Result<Json<serde_json::Value>, Problem> {
    Ok(Json(json!({ "items": find_port(&port)?.berths })))
}

#[derive(Deserialize)]
struct BookingFilter {
    port: Option<String>,
}

async fn list_bookings(State(office): State<Office>, Query(filter): Query<BookingFilter>) -> Json<serde_json::Value> {
    let bookings = office.bookings();
    let wanted =
        bookings.by_number.iter().filter(|(_, booking)| filter.port.as_ref().is_none_or(|port| *port == booking.port));
    Json(json!({ "items": wanted.map(|(number, booking)| view(*number, booking)).collect::<Vec<_>>() }))
}

async fn create_booking(State(office): State<Office>, request: Request) -> Result<Response, Problem> {
    let Json(asked) = Json::<NewBooking>::from_request(request, &())
        .await
        .map_err(|refused: JsonRejection| problem(StatusCode::BAD_REQUEST, "invalid_booking", refused.body_text()))?;
    let invalid = |detail: &str| problem(StatusCode::BAD_REQUEST, "invalid_booking", detail.to_owned());
    let port = find_port(&asked.port)?;
    let berth = port.berths.iter().find(|berth| berth.id == asked.berth).ok_or_else(|| {
        problem(StatusCode::NOT_FOUND, "no_such_port", format!("{} has no berth {:?}", port.name, asked.berth))
    })?;
    let (Some(arrival), Some(departure)) = (date(&asked.arrival), date(&asked.departure)) else {
        return Err(invalid("arrival and departure are days like 2026-06-21"));
    };
    if departure < arrival {
        return Err(invalid("the departure lies before the arrival"));
    }
    if asked.vessel.length > berth.length || asked.vessel.draught > berth.depth {
        let detail = format!("{} takes {} m of length and {} m of draught", berth.id, berth.length, berth.depth);
        return Err(problem(StatusCode::UNPROCESSABLE_ENTITY, "vessel_does_not_fit", detail));
    }
    let mut bookings = office.bookings();
    // Days are written so that their order as text is their order in time.
    let taken = bookings.by_number.values().find(|other| {
        (&other.port, &other.berth) == (&asked.port, &asked.berth)
            && other.arrival <= asked.departure
            && asked.arrival <= other.departure
    });
    if let Some(other) = taken {
        let detail = format!("{} is taken from {} to {}", other.berth, other.arrival, other.departure);
        return Err(problem(StatusCode::CONFLICT, "berth_taken", detail));
    }
    bookings.made += 1;
    let number = bookings.made;
    let answer = Json(view(number, &asked));
    bookings.by_number.insert(number, asked);
    Ok((StatusCode::CREATED, [(header::LOCATION, format!("/bookings/b{number}"))], answer).into_response())
}

async fn get_booking(State(office): State<Office>, Path(id): Path<String>) -> Result<Json<serde_json::Value>, Problem> {
    let bookings = office.bookings();
    let found = number(&id).and_then(|number| Some(view(number, bookings.by_number.get(&number)?)));
    found.map(Json).ok_or_else(|| no_such_booking(&id))
}

async fn cancel_booking(State(office): State<Office>, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    let cancelled = number(&id).and_then(|number| office.bookings().by_number.remove(&number));
    cancelled.map(|_| StatusCode::NO_CONTENT).ok_or_else(|| no_such_booking(&id))
}

async fn status(State(office): State<Office>) -> Json<serde_json::Value> {
    Json(json!({ "status": "ok", "ports": PORTS.len(), "bookings": office.bookings().by_number.len() }))
}

fn view(number: u64, booking: &NewBooking) -> serde_json::Value {
    let mut view = json!({ "id": format!("b{number}") });
    if let (Some(view), Ok(serde_json::Value::Object(rest))) = (view.as_object_mut(), serde_json::to_value(booking)) {
        view.extend(rest);
    }
    view
}

fn number(id: &str) -> Option<u64> {
    id.strip_prefix('b')?.parse().ok()
}

fn date(text: &str) -> Option<Date> {
    Date::parse(text, format_description!("[year]-[month]-[day]")).ok()
}

fn no_such_booking(id: &str) -> Problem {
    problem(StatusCode::NOT_FOUND, "no_such_booking", format!("there is no booking {id:?}"))
}

/// An error as RFC 9457 writes it.
struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
}

fn problem(status: StatusCode, code: &'static str, detail: String) -> Problem {
    Problem { status, code, detail }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let title = self.code.replace('_', " ");
        let body = json!({ "title": title, "status": self.status.as_u16(), "code": self.code, "detail": self.detail });
        (self.status, [(header::CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response()
    }
}
