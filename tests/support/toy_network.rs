//! Small networks as ONNX files, written byte by byte: one that answers as NanoDet does, and sees somebody where it is
//! white; and others that only look like it.

/// What is wrong with a network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// Nothing.
    None,
    /// One output is missing.
    Output,
    /// Scores that are no numbers.
    Nan,
    /// Weights of a size that no memory has.
    Huge,
    /// Weights with fewer numbers than they say.
    Short,
    /// A step that a resize by a million comes before.
    Large,
    /// A step that waits for itself.
    Circle,
    /// A step that nobody knows.
    Step,
    /// An input that is no picture.
    Input,
}

fn varint(mut n: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while n > 127 {
        out.push(n as u8 | 128);
        n >>= 7;
    }
    out.push(n as u8);
    out
}

fn number(field: u64, n: i64) -> Vec<u8> {
    [varint(field << 3), varint(n as u64)].concat()
}

fn bytes(field: u64, body: &[u8]) -> Vec<u8> {
    [varint(field << 3 | 2), varint(body.len() as u64), body.to_vec()].concat()
}

fn node(op: &str, inputs: &[&str], output: &str, integers: &[(&str, &[i64])]) -> Vec<u8> {
    let mut body: Vec<u8> = inputs.iter().flat_map(|i| bytes(1, i.as_bytes())).collect();
    body.extend([bytes(2, output.as_bytes()), bytes(3, output.as_bytes()), bytes(4, op.as_bytes())].concat());
    for (name, values) in integers {
        let values: Vec<u8> = values.iter().flat_map(|v| number(8, *v)).collect();
        body.extend(bytes(5, &[bytes(1, name.as_bytes()), values, number(20, 7)].concat()));
    }
    bytes(1, &body)
}

fn tensor(name: &str, shape: &[i64], kind: i64, raw: &[u8]) -> Vec<u8> {
    let shape: Vec<u8> = shape.iter().flat_map(|n| number(1, *n)).collect();
    bytes(5, &[shape, number(2, kind), bytes(8, name.as_bytes()), bytes(9, raw)].concat())
}

fn floats(name: &str, shape: &[i64], values: &[f32]) -> Vec<u8> {
    tensor(name, shape, 1, &values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<_>>())
}

fn value(field: u64, name: &str, shape: &[Option<i64>]) -> Vec<u8> {
    let dimension = |n: &Option<i64>| bytes(1, &n.map_or(bytes(2, b"any"), |n| number(1, n)));
    let shape: Vec<u8> = shape.iter().flat_map(dimension).collect();
    let of_type = bytes(1, &[number(1, 1), bytes(2, &shape)].concat());
    bytes(field, &[bytes(1, name.as_bytes()), bytes(2, &of_type)].concat())
}

/// The file. It sees somebody of 48 by 96 pixels of its input around each white place of 16.
pub fn toy_network(fault: Fault) -> Vec<u8> {
    let mut graph = Vec::new();
    let mut outputs = Vec::new();
    let mut images = "images";
    match fault {
        Fault::Large => {
            images = "large";
            graph.extend(node("Resize", &["images", "", "scales"], "large", &[]));
            graph.extend(floats("scales", &[4], &[1.0, 1.0, 1e6, 1e6]));
        }
        Fault::Circle => {
            images = "round";
            graph.extend(node("Add", &["images", "round"], "round", &[]));
        }
        Fault::Step => {
            images = "unknown";
            graph.extend(node("Conjure", &["images"], "unknown", &[]));
        }
        _ => {}
    }
    let shape = |name: &str, columns: i64| {
        let shape: Vec<u8> = [1, columns, -1].iter().flat_map(|n: &i64| n.to_le_bytes()).collect();
        tensor(name, &[3], 7, &shape)
    };
    graph.extend([shape("one", 1), shape("bins", 44)].concat());
    for (part, columns) in [("scores", 1), ("edges", 44)] {
        for stride in [8i64, 16, 32] {
            let name = |what: &str| format!("{part}{stride}{what}");
            let size = (columns * 3 * stride * stride) as usize;
            let is_score = columns == 1;
            let weight = if is_score && stride == 16 { 40.0 / (3.0 * 256.0) } else { 0.0 };
            let bias: Vec<f32> = match (is_score, fault, stride) {
                (true, Fault::Nan, _) => vec![f32::NAN],
                (true, _, 16) => vec![-40.0 * 1.9],
                (true, ..) => vec![-40.0],
                // distances in strides, to the left, above, to the right and below
                (false, ..) => (0..44).map(|i| if i % 11 == [1, 3, 1, 3][i / 11] { 50.0 } else { 0.0 }).collect(),
            };
            let told: &[i64] = match fault {
                Fault::Huge if is_score => &[1 << 20, 1 << 20, 1 << 20, 1 << 20],
                _ => &[columns, 3, stride, stride],
            };
            let held = if fault == Fault::Short { size / 2 } else { size };
            graph.extend(floats(&name("w"), told, &vec![weight; held]));
            graph.extend(floats(&name("b"), &[columns], &bias));
            let square = [stride, stride];
            let how: [(&str, &[i64]); 2] = [("kernel_shape", &square), ("strides", &square)];
            graph.extend(node("Conv", &[images, &name("w"), &name("b")], &name("maps"), &how));
            let mut maps = name("maps");
            if is_score {
                graph.extend(node("Sigmoid", &[&maps], &name("sure"), &[]));
                maps = name("sure");
            }
            let rows = if is_score { "one" } else { "bins" };
            graph.extend(node("Reshape", &[&maps, rows], &name("rows"), &[]));
            graph.extend(node("Transpose", &[&name("rows")], &name(""), &[("perm", &[0, 2, 1])]));
            outputs.push((name(""), columns));
        }
    }
    if fault == Fault::Output {
        outputs.pop();
    }
    let edge = (fault == Fault::Input).then_some(1 << 40);
    graph.extend([bytes(2, b"toy"), value(11, "images", &[Some(1), Some(3), edge, edge])].concat());
    graph.extend(outputs.iter().flat_map(|(name, columns)| value(12, name, &[Some(1), None, Some(*columns)])));
    let version = bytes(8, &[bytes(1, b""), number(2, 13)].concat());
    [number(1, 8), bytes(7, &graph), version].concat()
}
