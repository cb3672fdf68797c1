//! The portal in front of a house of cards: what its pages hold, what its forms do.
mod it {
    mod documents;
    mod fake;
    mod guides;
    mod views;
    mod visit;

    mod changes;
    mod console;
    mod forms;
    mod reading;
    mod uploads;
    mod walk;
}
