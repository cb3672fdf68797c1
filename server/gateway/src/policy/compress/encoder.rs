//! A body that is compressed while it passes. Nothing is held back: when the plain body has nothing more for now, what
//! was read of it goes out.
use super::Coding;
use brotli::CompressorWriter;
use bytes::{Buf as _, Bytes};
use flate2::write::GzEncoder;
use http_body::{Body, Frame, SizeHint};
use std::{
    io::{self, Write as _},
    pin::Pin,
    task::{Context, Poll},
};
use zstd::stream::raw::CParameter;

/// Plain bytes that are compressed in one go, so that one large part does not keep the thread.
const STEP: usize = 32 * 1024;
/// A part goes out once it is as large as this.
const PART: usize = 8 * 1024;
/// Steps without a part before others get their turn.
const STEPS: usize = 8;
/// Logarithms of how far back a coding may refer: what an answer costs in memory follows it. 256 KiB.
const WINDOW_LOG: u32 = 18;
const GZIP_LEVEL: u32 = 5;
const BROTLI_QUALITY: u32 = 4;
const ZSTD_LEVEL: i32 = 3;

pub(crate) struct Compressed<B> {
    plain: B,
    encoder: Option<Encoder>,
    /// Read from `plain` and not yet compressed.
    rest: Bytes,
    /// Compressed since the last flush.
    unflushed: bool,
    trailers: Option<http::HeaderMap>,
    over: bool,
}

enum Encoder {
    Gzip(GzEncoder<Vec<u8>>),
    Brotli(Box<CompressorWriter<Vec<u8>>>),
    Zstd(zstd::stream::write::Encoder<'static, Vec<u8>>),
}

impl<B: Body<Data = Bytes, Error = io::Error> + Unpin> Compressed<B> {
    /// Gives the plain body back where there is no encoder to be had.
    pub(crate) fn new(plain: B, coding: Coding) -> Result<Self, B> {
        let Ok(encoder) = Encoder::new(coding) else { return Err(plain) };
        Ok(Self { plain, encoder: Some(encoder), rest: Bytes::new(), unflushed: false, trailers: None, over: false })
    }

    /// Ends the stream of the coding; what is left of it is the last part.
    fn finish(&mut self) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match self.encoder.take().map(Encoder::finish) {
            Some(Ok(last)) if !last.is_empty() => Poll::Ready(Some(Ok(Frame::data(last.into())))),
            Some(Err(error)) => {
                self.over = true;
                Poll::Ready(Some(Err(error)))
            }
            _ => {
                self.over = true;
                Poll::Ready(self.trailers.take().map(|trailers| Ok(Frame::trailers(trailers))))
            }
        }
    }

    fn part(&mut self) -> Option<Bytes> {
        let out = self.encoder.as_mut()?.out();
        (!out.is_empty()).then(|| std::mem::take(out).into())
    }
}

impl<B: Body<Data = Bytes, Error = io::Error> + Unpin> Body for Compressed<B> {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        if this.over {
            return Poll::Ready(None);
        }
        for _ in 0..STEPS {
            let Some(encoder) = &mut this.encoder else { return this.finish() };
            if this.rest.is_empty() {
                match Pin::new(&mut this.plain).poll_frame(cx) {
                    Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                        Ok(data) => this.rest = data,
                        Err(frame) => this.trailers = frame.into_trailers().ok(),
                    },
                    Poll::Ready(Some(Err(error))) => {
                        this.over = true;
                        return Poll::Ready(Some(Err(error)));
                    }
                    Poll::Ready(None) => return this.finish(),
                    Poll::Pending => {
                        if !std::mem::take(&mut this.unflushed) {
                            return Poll::Pending;
                        }
                        encoder.flush()?;
                        return match this.part() {
                            Some(part) => Poll::Ready(Some(Ok(Frame::data(part)))),
                            None => Poll::Pending,
                        };
                    }
                }
                continue;
            }
            let step = this.rest.len().min(STEP);
            encoder.write(&this.rest[..step])?;
            this.rest.advance(step);
            this.unflushed = true;
            if encoder.out().len() >= PART
                && let Some(part) = this.part()
            {
                return Poll::Ready(Some(Ok(Frame::data(part))));
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn is_end_stream(&self) -> bool {
        self.over
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

impl Encoder {
    fn new(coding: Coding) -> io::Result<Self> {
        Ok(match coding {
            Coding::Gzip => Self::Gzip(GzEncoder::new(Vec::new(), flate2::Compression::new(GZIP_LEVEL))),
            Coding::Brotli => {
                Self::Brotli(Box::new(CompressorWriter::new(Vec::new(), PART, BROTLI_QUALITY, WINDOW_LOG)))
            }
            Coding::Zstd => {
                let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), ZSTD_LEVEL)?;
                encoder.set_parameter(CParameter::WindowLog(WINDOW_LOG))?;
                Self::Zstd(encoder)
            }
        })
    }

    fn out(&mut self) -> &mut Vec<u8> {
        match self {
            Self::Gzip(encoder) => encoder.get_mut(),
            Self::Brotli(encoder) => encoder.get_mut(),
            Self::Zstd(encoder) => encoder.get_mut(),
        }
    }

    fn write(&mut self, plain: &[u8]) -> io::Result<()> {
        match self {
            Self::Gzip(encoder) => encoder.write_all(plain),
            Self::Brotli(encoder) => encoder.write_all(plain),
            Self::Zstd(encoder) => encoder.write_all(plain),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Gzip(encoder) => encoder.flush(),
            Self::Brotli(encoder) => encoder.flush(),
            Self::Zstd(encoder) => encoder.flush(),
        }
    }

    fn finish(self) -> io::Result<Vec<u8>> {
        match self {
            Self::Gzip(encoder) => encoder.finish(),
            Self::Brotli(encoder) => Ok(encoder.into_inner()),
            Self::Zstd(encoder) => encoder.finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::{collections::VecDeque, io::Read as _, task::Waker};

    const CODINGS: [Coding; 3] = [Coding::Gzip, Coding::Brotli, Coding::Zstd];

    /// Parts as they come; `None` stands for a moment without any.
    struct Script(VecDeque<Option<Part>>);

    impl Body for Script {
        type Data = Bytes;
        type Error = io::Error;
        fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
            match self.0.pop_front() {
                Some(Some(Ok(frame))) => Poll::Ready(Some(Ok(frame))),
                Some(Some(Err(kind))) => Poll::Ready(Some(Err(kind.into()))),
                Some(None) => Poll::Pending,
                None => Poll::Ready(None),
            }
        }
    }

    fn poll(body: &mut Compressed<Script>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        Pin::new(body).poll_frame(&mut Context::from_waker(Waker::noop()))
    }

    type Part = Result<Frame<Bytes>, io::ErrorKind>;

    #[expect(clippy::unnecessary_wraps, reason = "as scripts have it")]
    fn data(text: &[u8]) -> Option<Part> {
        Some(Ok(Frame::data(Bytes::copy_from_slice(text))))
    }

    fn compressed(script: Script, coding: Coding) -> Compressed<Script> {
        Compressed::new(script, coding).unwrap_or_else(|_| panic!("there is no encoder for {coding:?}"))
    }

    fn plain(coding: Coding, compressed: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        match coding {
            Coding::Gzip => drop(flate2::read::GzDecoder::new(compressed).read_to_end(&mut out)),
            Coding::Brotli => drop(brotli::Decompressor::new(compressed, 4096).read_to_end(&mut out)),
            Coding::Zstd => drop(zstd::stream::read::Decoder::new(compressed).unwrap().read_to_end(&mut out)),
        }
        out
    }

    fn all(body: &mut Compressed<Script>) -> Vec<u8> {
        let mut out = Vec::new();
        loop {
            match poll(body) {
                Poll::Ready(Some(frame)) => out.extend_from_slice(frame.unwrap().data_ref().unwrap()),
                Poll::Ready(None) => return out,
                Poll::Pending => {}
            }
        }
    }

    #[test]
    fn what_came_so_far_is_readable_when_nothing_more_comes() {
        for coding in CODINGS {
            let script = Script([data(b"first event\n"), None, None, data(b"second\n"), None, None].into());
            let mut body = compressed(script, coding);
            let mut seen = Vec::new();
            for text in ["first event\n", "first event\nsecond\n"] {
                loop {
                    match poll(&mut body) {
                        Poll::Ready(Some(frame)) => seen.extend_from_slice(frame.unwrap().data_ref().unwrap()),
                        Poll::Ready(None) => panic!("it is over too soon"),
                        Poll::Pending if plain(coding, &seen) == text.as_bytes() => break,
                        Poll::Pending => {}
                    }
                }
            }
        }
    }

    #[test]
    fn trailers_and_failures_pass() {
        for coding in CODINGS {
            let mut trailers = http::HeaderMap::new();
            trailers.insert("x-sum", http::HeaderValue::from_static("1"));
            let script = Script([data(b"body"), Some(Ok(Frame::trailers(trailers)))].into());
            let mut body = compressed(script, coding);
            let mut frames = Vec::new();
            while let Poll::Ready(Some(frame)) = poll(&mut body) {
                frames.push(frame.unwrap());
            }
            let (last, parts) = frames.split_last().unwrap();
            assert_eq!(last.trailers_ref().unwrap()["x-sum"], "1");
            let sent: Vec<u8> = parts.iter().flat_map(|part| part.data_ref().unwrap().to_vec()).collect();
            assert_eq!(plain(coding, &sent), b"body");
            assert!(body.is_end_stream());

            let broken = Script([data(b"body"), Some(Err(io::ErrorKind::ConnectionReset))].into());
            let mut body = compressed(broken, coding);
            let Poll::Ready(Some(Err(error))) = poll(&mut body) else { panic!("the failure was lost") };
            assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
            assert!(matches!(poll(&mut body), Poll::Ready(None)));
        }
    }

    #[test]
    fn a_large_part_goes_out_in_pieces() {
        // Noise, which no coding makes smaller.
        let mut state = 1_u64;
        let noise: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as u8
        })
        .take(1 << 20)
        .collect();
        for coding in CODINGS {
            let mut body = compressed(Script([data(&noise)].into()), coding);
            let (mut out, mut largest) = (Vec::new(), 0);
            loop {
                match poll(&mut body) {
                    Poll::Ready(Some(frame)) => {
                        let part = frame.unwrap().into_data().unwrap();
                        largest = largest.max(part.len());
                        out.extend_from_slice(&part);
                    }
                    Poll::Ready(None) => break,
                    Poll::Pending => {}
                }
            }
            assert!(largest < 512 * 1024, "{coding:?}: {largest}");
            assert_eq!(plain(coding, &out), noise, "{coding:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn what_goes_in_comes_out(
            parts in proptest::collection::vec(proptest::option::of(proptest::collection::vec(0_u8..4, 0..5000)), 0..8),
        ) {
            let whole: Vec<u8> = parts.iter().flatten().flatten().copied().collect();
            for coding in CODINGS {
                let script = parts.iter().map(|part| part.as_ref().and_then(|part| data(part))).collect();
                let mut body = compressed(Script(script), coding);
                prop_assert_eq!(plain(coding, &all(&mut body)), &whole[..]);
            }
        }
    }
}
