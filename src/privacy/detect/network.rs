//! A network out of an ONNX file.

use std::sync::Arc;

use tract_onnx::prelude::*;

use super::views::SIDE;
use super::yunet::{Network, Output};
use super::{DetectError, YuNet};

/// An ONNX model that takes one picture of [`SIDE`] by [`SIDE`].
#[derive(Debug)]
pub struct Onnx(Arc<TypedRunnableModel>);

impl Onnx {
    /// Takes an ONNX file's bytes.
    ///
    /// # Errors
    ///
    /// [`DetectError::Model`].
    pub fn parse(mut model: &[u8]) -> Result<Self, DetectError> {
        let wrong = |e: TractError| DetectError::Model(first_line(&e));
        let model = tract_onnx::onnx().model_for_read(&mut model).map_err(wrong)?;
        if model.input_outlets().map_err(wrong)?.len() != 1 {
            return Err(DetectError::Model("it does not take one picture".into()));
        }
        let model = model.with_input_fact(0, f32::fact([1, 3, SIDE, SIDE]).into()).map_err(wrong)?;
        let plan = model.into_optimized().and_then(|m| m.into_runnable()).map_err(wrong)?;
        Ok(Self(plan))
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

impl Network for Onnx {
    fn run(&mut self, input: Vec<f32>) -> Result<Vec<Output>, DetectError> {
        let failed = |e: TractError| DetectError::Run(first_line(&e));
        let input = Tensor::from_shape(&[1, 3, SIDE, SIDE], &input).map_err(failed)?;
        let outputs = self.0.run(tvec!(input.into())).map_err(failed)?;
        let read = |output: &TValue| {
            let columns = output.shape().last().copied().unwrap_or(0);
            let values = output.to_plain_array_view::<f32>().map_err(failed)?;
            Ok(Output { columns, values: values.iter().copied().collect() })
        };
        outputs.iter().map(read).collect()
    }
}

fn first_line(e: &TractError) -> String {
    let text = format!("{e:#}");
    let line = text.lines().next().unwrap_or_default();
    line.chars().filter(|c| !c.is_control()).take(200).collect()
}
