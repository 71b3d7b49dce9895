//! Protect: a public stream of an original, in which people are hidden.
//!
//! It is made by two processes. The parent opens the original with the private key and hands plain records to a child.
//! The child decodes, hides and encodes; it is C on hostile input, and it is given no key. What it gives back, the
//! parent checks as any reader would before it passes it on: public, plain, well-formed.
//!
//! | file | idea |
//! |---|---|
//! | `parent` | the parent: has the key, never a decoder |
//! | `relay` | the child's public stream, checked and written |
//! | `manifest_fill` | what a public stream's manifest says of the original |
//! | `public_signer` | who signs a public stream |
//! | `signed_writer` | the public stream as it is written, signed |
//! | `signer_split` | where a public stream becomes two, because its signer's certificate ends |
//! | `review` | the files that are written for review |
//! | `report` | the report and the plot, made of the child's notes |
//! | `plot` | the hidden share over time, as a picture |
//! | `sealed_overlay` | the original with outlines, sealed |
//! | `pipes` | pipes between parent and child |
//! | `worker` | the child: plain originals in, public streams out |
//! | `public_stream` | one public stream, made of one original |
//! | `public_record` | the record of a public stream |
//! | `worker_output` | where the child writes |
//! | `first_pass` | the background, learned over everything first |
//! | `pipeline` | packets to hidden pictures to packets |
//! | `assets` | files of the scene, read before the child goes to jail |
//! | `beats` | how the child says that it gets on |
//! | `words` | what the child says, as the parent says it |
//! | `tail` | pictures that a dead child owes, hidden whole |
//! | `picture_encoder` | an encoder for pictures whose size may change |
//! | `counts` | numbers of pictures that are hidden for other reasons than people |
//! | `pace` | whether the analysis of a live camera is late |
//! | `reference` | the picture of the empty scene |
//! | `detector` | the detectors that a scene asks for |
//! | `people_model` | the network by which people are found |
//! | `overlay` | the original with outlines, as the child makes it |
//! | `picture_facts` | what the child reports of each picture |
//! | `options` | what a caller chooses |
//! | `scene` | the settings of one camera's scene |
//! | `scene_file` | the file of such settings |
//! | `second_fields` | fields that came in a packet of their own |
//! | `transform` | such settings, as the privacy transform takes them |
//! | `choices` | settings that are one of a few names |
//! | `video_track` | which track of an original is made public |
//! | `values` | settings that are numbers, times, colours, polygons |
//! | `error` | what can go wrong |

mod assets;
mod beats;
mod choices;
mod counts;
mod detector;
mod error;
mod first_pass;
mod manifest_fill;
mod options;
mod overlay;
mod pace;
mod parent;
mod people_model;
mod picture_encoder;
mod picture_facts;
mod pipeline;
mod pipes;
mod plot;
mod public_record;
mod public_signer;
mod public_stream;
mod reference;
mod relay;
mod report;
mod review;
mod scene;
mod scene_file;
mod sealed_overlay;
mod second_fields;
mod signed_writer;
mod signer_split;
mod tail;
mod transform;
mod values;
mod video_track;
mod words;
mod worker;
mod worker_output;

pub use choices::{CameraPlace, DetectorTarget, MethodName};
pub use detector::check_detector;
pub use error::{ProtectError, SceneFault};
pub use options::{PictureOptions, ReviewOptions};
pub use parent::{ProtectJob, protect};
pub use people_model::PeopleModel;
pub use pipes::WorkerPipes;
pub use public_signer::PublicSigner;
pub use review::Review;
pub use scene::Scene;
pub use values::{Absorb, Colour, Number, Polygon, Time};
pub use worker::work;
