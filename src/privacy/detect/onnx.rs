//! A network out of an ONNX file.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rten::{Dimension, Model, ModelOptions, RunOptions, ThreadPool, Value, ValueOrView, op_registry};

use super::network::{Network, Output};
use super::{DetectError, PersonNet, YuNet};

/// The largest edge of an input: more is no detector's.
const MOST: usize = 1280;

/// An ONNX model that takes one picture; clones share it.
#[derive(Clone)]
pub struct Onnx {
    model: Arc<Model>,
    /// One thread, whatever the machine has: the same order of sums, and no more threads than the jail reckons with.
    threads: Arc<ThreadPool>,
}

impl std::fmt::Debug for Onnx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.model.fmt(f)
    }
}

impl Onnx {
    /// Takes an ONNX file's bytes.
    ///
    /// # Errors
    ///
    /// [`DetectError::Model`].
    pub fn parse(model: &[u8]) -> Result<Self, DetectError> {
        let threads = Arc::new(ThreadPool::with_num_threads(1));
        let load = || {
            // the steps of YuNet, NanoDet and YOLOX: others are not even linked
            let steps = op_registry!(
                Add, Concat, Conv, Identity, LeakyRelu, MaxPool, Mul, Pad, Relu, Reshape, Resize, Sigmoid, Slice,
                Split, Transpose
            );
            ModelOptions::with_ops(steps).prepack_weights(true).load(model.to_vec())
        };
        let model = match catch_unwind(AssertUnwindSafe(|| threads.run(load))) {
            Ok(model) => model.map_err(|e| DetectError::Model(one_line(&e)))?,
            Err(_) => return Err(DetectError::Model("it contradicts itself".into())),
        };
        if model.input_ids().len() != 1 {
            return Err(DetectError::Model("it does not take one picture".into()));
        }
        Ok(Self { model: Arc::new(model), threads })
    }
}

impl YuNet<Onnx> {
    /// Takes the bytes of YuNet's ONNX file, the one for pictures of 640 by 640.
    ///
    /// # Errors
    ///
    /// [`DetectError`]: it is not ONNX, does not run, or is another model.
    pub fn parse(model: &[u8]) -> Result<Self, DetectError> {
        YuNet::new(Onnx::parse(model)?)
    }
}

impl PersonNet<Onnx> {
    /// Takes the bytes of the ONNX file of a NanoDet, as `scripts/get-model` writes it, or of a YOLOX.
    ///
    /// # Errors
    ///
    /// [`DetectError`]: it is not ONNX, does not run, or is another model.
    pub fn parse(model: &[u8]) -> Result<Self, DetectError> {
        PersonNet::new(Onnx::parse(model)?)
    }
}

impl Network for Onnx {
    fn run(&mut self, input: Vec<f32>, width: usize, height: usize) -> Result<Vec<Output>, DetectError> {
        let failed = |e: &dyn std::error::Error| DetectError::Run(one_line(e));
        let input = Value::from_shape([1, 3, height, width], input).map_err(|e| failed(&e))?;
        let given = self.model.input_ids().iter().map(|id| (*id, ValueOrView::Value(input.clone()))).collect();
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(&self.threads)));
        let run = || self.model.run(given, self.model.output_ids(), Some(options));
        let outputs = match catch_unwind(AssertUnwindSafe(run)) {
            Ok(outputs) => outputs.map_err(|e| failed(&e))?,
            Err(_) => return Err(DetectError::Run("the network contradicts itself".into())),
        };
        let read = |output: Value| {
            let ([_, _, columns], values) = output.into_shape_vec::<f32, 3>().map_err(|e| failed(&e))?;
            Ok(Output { columns, values })
        };
        outputs.into_iter().map(read).collect()
    }

    fn only_size(&self) -> Option<(usize, usize)> {
        match self.model.input_shape(0)?.as_slice() {
            &[_, _, Dimension::Fixed(height), Dimension::Fixed(width)] => Some((width, height)),
            _ => None,
        }
        .filter(|(width, height)| (32..=MOST).contains(width) && (32..=MOST).contains(height))
    }
}

fn one_line(e: &(impl std::error::Error + ?Sized)) -> String {
    let text = e.to_string();
    let line = text.lines().next().unwrap_or_default();
    line.chars().filter(|c| !c.is_control()).take(200).collect()
}
