#!/usr/bin/env python3
"""Writes NanoDet as ONNX, of its weights for TensorFlow.js: scripts/get-model calls it.

    nanodet_onnx.py nanodet.json nanodet.bin people.onnx

Of the 80 kinds of things that NanoDet knows, only people are kept. Borders and biases become the convolutions' own, so
that no other step is left for them, and the picture may have any size whose edges are multiples of 32. The same input
gives the same bytes everywhere. Nothing but Python's own library is needed."""
import base64
import json
import struct
import sys

CLASSES, BINS = 80, 44  # columns of a place: a score for each kind (people first), four edges of 11 bins
STRIDES = (8, 16, 32)
KINDS = {'float32': 'f', 'float16': 'e', 'int32': 'i'}


# --- ONNX is a protocol buffer: fields of a number and a kind
def varint(n):
    out = bytearray()
    while True:
        out.append(n & 127 | (128 if n > 127 else 0))
        n >>= 7
        if not n:
            return bytes(out)


def number(field, n):
    return varint(field << 3) + varint(n & (1 << 64) - 1)


def text(field, body):
    body = body.encode() if isinstance(body, str) else body
    return varint(field << 3 | 2) + varint(len(body)) + body


def attribute(name, value):
    if isinstance(value, float):
        return text(1, name) + varint(2 << 3 | 5) + struct.pack('<f', value) + number(20, 1)
    if isinstance(value, int):
        return text(1, name) + number(3, value) + number(20, 2)
    if isinstance(value, str):
        return text(1, name) + text(4, value) + number(20, 3)
    return text(1, name) + b''.join(number(8, n) for n in value) + number(20, 7)


def node(op, inputs, output, attributes):
    body = b''.join(text(1, i) for i in inputs) + text(2, output) + text(3, output) + text(4, op)
    return body + b''.join(text(5, attribute(k, v)) for k, v in sorted(attributes.items()))


def tensor(name, shape, kind, values):
    raw = struct.pack(f'<{len(values)}{"f" if kind == 1 else "q"}', *values)
    return b''.join(number(1, n) for n in shape) + number(2, kind) + text(8, name) + text(9, raw)


def value(name, shape):
    dims = b''.join(text(1, number(1, n) if isinstance(n, int) else text(2, n)) for n in shape)
    return text(1, name) + text(2, text(1, number(1, 1) + text(2, dims)))


# --- the network of TensorFlow.js
class Weights:
    """Constants by name, with their shapes."""

    def __init__(self, manifest, raw):
        self.of, at = {}, 0
        for w in (w for group in manifest for w in group['weights']):
            kind = w.get('quantization', {}).get('dtype', w['dtype'])
            if kind not in KINDS:
                raise ValueError(f'{w["name"]}: a constant of a kind that is not known: {kind}')
            count = 1
            for n in w['shape']:
                count *= n
            layout = struct.Struct(f'<{count}{KINDS[kind]}')
            if at + layout.size > len(raw):
                raise ValueError('the weights are cut off')
            self.of[w['name']] = w['shape'], layout.unpack_from(raw, at)
            at += layout.size
        if at != len(raw):
            raise ValueError('more weights than the network has')

    def values(self, name):
        return self.of[name][1]


def strings(node_, key):
    return base64.b64decode(node_['attr'][key]['s']).decode()


def integers(node_, key):
    return [int(n) for n in node_['attr'][key]['list']['i']]


class Network:
    """Steps of ONNX. Its planes are in the order of ONNX throughout: what only turns them round is left out."""

    def __init__(self, weights):
        self.w, self.steps, self.constants, self.names, self.pads, self.heads = weights, [], [], {}, {}, []
        self.resized = 0

    def step(self, name, op, inputs, **attributes):
        out = f'{op.lower()}{len(self.steps)}'
        self.steps.append([op, inputs, out, attributes])
        self.names[name] = out
        return self.steps[-1]

    def constant(self, shape, kind, values):
        name = f'c{len(self.constants)}'
        self.constants.append(tensor(name, shape, kind, values))
        return name

    def get(self, name):
        return self.names[name]

    def same(self, name, source):
        self.names[name] = self.names[source]
        if source in self.pads:
            self.pads[name] = self.pads[source]

    def convolution(self, n, source, kernel):
        (rows, columns, per_group, outs), values = self.w.of[kernel]
        if strings(n, 'data_format') != 'NHWC' or strings(n, 'padding') not in ('VALID', 'SAME'):
            raise ValueError(f'{n["name"]}: not as NanoDet has it')
        pads = self.pads.get(source, [0, 0, 0, 0])
        if strings(n, 'padding') == 'SAME' and (rows, columns) != (1, 1):
            raise ValueError(f'{n["name"]}: borders that are not given')
        kept = range(outs)
        if outs == CLASSES + BINS:
            kept = [0, *range(CLASSES, CLASSES + BINS)]
        ordered = [values[((y * columns + x) * per_group + i) * outs + o]
                   for o in kept for i in range(per_group) for y in range(rows) for x in range(columns)]
        weights = self.constant([len(kept), per_group, rows, columns], 1, ordered)
        self.step(n['name'], 'Conv', [self.get(source), weights], kernel_shape=[rows, columns], pads=pads,
                  strides=integers(n, 'strides')[1:3], dilations=integers(n, 'dilations')[1:3])

    def bias(self, n, source, constant):
        step = next(s for s in self.steps if s[2] == self.get(source))
        if step[0] != 'Conv' or len(step[1]) != 2:
            raise ValueError(f'{n["name"]}: not a bias')
        values = self.w.values(constant)
        if len(values) == CLASSES + BINS:
            values = values[:1] + values[CLASSES:]
        step[1].append(self.constant([len(values)], 1, values))
        self.same(n['name'], source)

    def take(self, n):
        op, name = n['op'], n['name']
        ins = [i for i in n.get('input', []) if not i.startswith('^')]
        constant = [i in self.w.of for i in ins]
        if op in ('Const', 'SparseToDense', 'AddV2'):  # shapes that follow from the steps before
            pass
        elif op == 'Placeholder':
            self.names[name] = 'images'
        elif op in ('Transpose', 'Identity'):
            if ins[0] in self.names:
                self.same(name, ins[0])
        elif op in ('Pad', 'PadV2'):
            (top, bottom), (left, right) = self.border(ins[1])
            self.names[name], self.pads[name] = self.names[ins[0]], [top, left, bottom, right]
        elif op == 'Conv2D':
            self.convolution(n, *ins)
        elif op == 'MaxPool':
            self.step(name, 'MaxPool', [self.get(ins[0])], kernel_shape=integers(n, 'ksize')[1:3],
                      strides=integers(n, 'strides')[1:3], pads=self.pads.get(ins[0], [0, 0, 0, 0]))
        elif op == 'LeakyRelu':
            self.step(name, 'LeakyRelu', [self.get(ins[0])], alpha=float(n['attr']['alpha']['f']))
        elif op == 'ResizeBilinear':
            self.resize(n, ins)
        elif op == 'ConcatV2':
            self.step(name, 'Concat', [self.get(i) for i in ins[:-1]], axis=1)
        elif op == 'Add' and constant[1]:
            self.bias(n, *ins)
        elif op == 'Add':
            self.step(name, 'Add', [self.get(i) for i in ins])
        elif op == 'SplitV':  # here scores and edges part
            self.heads.append(self.get(ins[0]))
        elif op not in ('Sigmoid', 'Reshape'):
            raise ValueError(f'{name}: {op} is no step of NanoDet')

    def border(self, name):
        shape, v = self.w.of[name]
        if shape != [4, 2] or v[0] or v[1]:
            raise ValueError(f'{name}: not a border of a picture')
        # planes or channels come second; the pads of channels are none
        rows = [v[2:4], v[4:6], v[6:8]]
        return rows[1:] if rows[0] == (0, 0) else rows[:2]

    def resize(self, n, ins):
        if not n['attr']['half_pixel_centers']['b']:
            raise ValueError(f'{n["name"]}: another way to resize')
        # maps of 13, 26 and 52 places a row: twice as many in the first two, half as many in the others
        self.resized += 1
        scale = 2.0 if self.resized <= 2 else 0.5
        scales = self.constant([4], 1, [1.0, 1.0, scale, scale])
        self.step(n['name'], 'Resize', [self.get(ins[0]), '', scales], mode='linear',
                  coordinate_transformation_mode='half_pixel')

    def outputs(self):
        if len(self.heads) != len(STRIDES):
            raise ValueError('not three heads')
        steps = []
        for head, stride in zip(self.heads, STRIDES):
            parts = [(f'scores{stride}', 1, 0), (f'edges{stride}', BINS, 1)]
            for name, columns, first in parts:
                window = [self.constant([1], 7, [n]) for n in (first, first + columns, 1)]
                steps.append(['Slice', [head, *window], f'{name}_maps', {}])
                maps = f'{name}_maps'
                if columns == 1:
                    steps.append(['Sigmoid', [maps], f'{name}_sure', {}])
                    maps = f'{name}_sure'
                shape = self.constant([3], 7, [1, columns, -1])
                steps.append(['Reshape', [maps, shape], f'{name}_rows', {}])
                steps.append(['Transpose', [f'{name}_rows'], name, {'perm': [0, 2, 1]}])
        self.steps += steps
        return [(f'{part}{stride}', columns) for part, columns in (('scores', 1), ('edges', BINS)) for stride in STRIDES]

    def model(self):
        outputs = self.outputs()
        graph = b''.join(text(1, node(*s)) for s in self.steps) + text(2, 'nanodet')
        graph += b''.join(text(5, c) for c in self.constants) + text(11, value('images', [1, 3, 'height', 'width']))
        graph += b''.join(text(12, value(name, [1, f'places{name}', columns])) for name, columns in outputs)
        return number(1, 8) + text(2, 'vidveil') + text(7, graph) + text(8, text(1, '') + number(2, 13))


def in_order(nodes, weights):
    """Each step after those that it takes from."""
    done, left = set(weights.of), list(nodes)
    while left:
        ready = [n for n in left if all(i.split(':')[0].lstrip('^') in done for i in n.get('input', []))]
        if not ready:
            raise ValueError('steps that wait for each other')
        yield from ready
        done |= {n['name'] for n in ready}
        left = [n for n in left if n['name'] not in done]


def main(json_file, weights_file, output):
    with open(json_file, encoding='utf-8') as f:
        description = json.load(f)
    with open(weights_file, 'rb') as f:
        weights = Weights(description['weightsManifest'], f.read())
    network = Network(weights)
    for n in in_order(description['modelTopology']['node'], weights):
        network.take(n)
    model = network.model()
    with open(output, 'wb') as f:
        f.write(model)


if __name__ == '__main__':
    if len(sys.argv) != 4:
        sys.exit('usage: nanodet_onnx.py nanodet.json nanodet.bin people.onnx')
    main(*sys.argv[1:])
