//! What hangs on a message: pictures, films and places (contract §3.3).

use serde::Deserialize;

use super::text::Shortened;
use super::{Delivery, Place};
use crate::model::{Attachment, MediaKind};
use crate::wire::lenient::{Id, Text};

/// The `attachment` of a message.
#[derive(Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct AttachmentElement<'a> {
    #[serde(borrow)]
    media: Option<Media<'a>>,
    #[serde(borrow)]
    location: Option<Location<'a>>,
}

impl AttachmentElement<'_> {
    /// The link at the text's end that stands for the media.
    pub(super) fn link(&self) -> Option<Shortened<'_>> {
        let media = self.media.as_ref()?;
        Some(Shortened { url: &media.url.as_ref()?.0, indices: media.indices, original: None })
    }

    /// The attachment as the house knows it; what is neither media nor a place is noted.
    pub(super) fn read(&self, place: Place<'_>, delivery: &mut Delivery) -> Option<Attachment> {
        let attachment = self.media.as_ref().and_then(Media::read).or_else(|| self.location.as_ref().and_then(Location::read));
        if attachment.is_none() {
            delivery.note(place, ".attachment", "expected media with an id, a type and an address, or a place with coordinates".to_owned());
        }
        attachment
    }
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Media<'a> {
    id: Option<Id>,
    id_str: Option<Id>,
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    media_url_https: Option<Text<'a>>,
    #[serde(borrow)]
    media_url: Option<Text<'a>>,
    #[serde(borrow)]
    url: Option<Text<'a>>,
    indices: Option<(usize, usize)>,
    #[serde(borrow)]
    video_info: Option<VideoInfo<'a>>,
}

impl Media<'_> {
    fn read(&self) -> Option<Attachment> {
        let kind = match &*self.kind.as_ref()?.0 {
            "photo" => MediaKind::Photo,
            "animated_gif" => MediaKind::AnimatedGif,
            "video" => MediaKind::Video,
            _ => return None,
        };
        // A film's own address is among its variants; the other ones lead to its preview.
        let film = self.video_info.as_ref().and_then(VideoInfo::best);
        let url = film.or(self.media_url_https.as_ref()).or(self.media_url.as_ref())?;
        Some(Attachment::Media { id: self.id_str.or(self.id)?.0, kind, url: url.0.clone().into_owned() })
    }
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct VideoInfo<'a> {
    #[serde(borrow, default)]
    variants: Vec<Variant<'a>>,
}

impl<'a> VideoInfo<'a> {
    fn best(&self) -> Option<&Text<'a>> {
        self.variants.iter().max_by_key(|variant| variant.bitrate).map(|variant| &variant.url)
    }
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Variant<'a> {
    // Playlists have none, so they come last.
    bitrate: Option<u64>,
    #[serde(borrow)]
    url: Text<'a>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Location<'a> {
    shared_coordinate: Option<SharedCoordinate>,
    #[serde(borrow)]
    shared_place: Option<SharedPlace<'a>>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct SharedCoordinate {
    coordinates: Point,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Point {
    coordinates: (f64, f64),
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct SharedPlace<'a> {
    #[serde(borrow)]
    place: PlaceElement<'a>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct PlaceElement<'a> {
    #[serde(borrow)]
    full_name: Option<Text<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    centroid: (f64, f64),
}

impl Location<'_> {
    fn read(&self) -> Option<Attachment> {
        let (point, name) = match (&self.shared_coordinate, &self.shared_place) {
            (Some(shared), _) => (shared.coordinates.coordinates, None),
            (None, Some(SharedPlace { place })) => (place.centroid, place.full_name.as_ref().or(place.name.as_ref())),
            (None, None) => return None,
        };
        Some(Attachment::Place { longitude: point.0, latitude: point.1, name: name.map(|name| name.0.clone().into_owned()) })
    }
}
