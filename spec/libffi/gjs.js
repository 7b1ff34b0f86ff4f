// gjs as a client of libffi: C called through GObject introspection, and JavaScript called back: the sample library's functions
// (values_gir.lua), GLib's main loop, Gio's asynchronous calls, virtual functions, signals, D-Bus.
const {Gio, GLib, GObject} = imports.gi;
imports.gi.versions.Values = '1.0';
const {Values} = imports.gi;
const System = imports.system;

let nchecks = 0;

function check(what, wanted, got) {
    if (JSON.stringify(wanted) !== JSON.stringify(got)) {
        printerr(`${what}: ${JSON.stringify(got)}, not ${JSON.stringify(wanted)}`);
        System.exit(1);
    }
    nchecks++;
}

// -- scalars: spec/lib/values.h -----------------------------------------------------------------------------------------------

// A number has no more than 53 bits: of the 64-bit types, the values that fit.
function checkValues(name, values) {
    const f = (short, ...all) => Values[`${name}_${short}`](...all);
    const spread = (v, i) => f('spread', i, v, i + 0.5, v, -i, v, v, v, i, v, v, v, v, v, -i - 0.25);
    const count = f('count');
    for (const i of values ?? Array(count).keys()) {
        const v = f('get', i);
        check(`${name} ${i} arrives`, 1, f('is', v, i));
        check(`${name} ${i} comes back`, 1, f('is', f('echo', v), i));
        check(`${name} ${i} among others`, 14, spread(v, i));
    }
    if (values === undefined) {
        check(`${name} into callbacks`, count, f('send', (v, i) => f('is', v, i)));
        check(`${name} spread into callbacks`, 14 * count, f('pour', (...all) => f('spread', ...all)));
        if (name === 'float' || name === 'double') // what gjs 1.74 returns of these is 0
            return;
        check(`${name} out of callbacks`, count, f('fetch', i => f('get', i)));
        check(`${name} through callbacks`, count, f('round', (...all) => all[15]));
    }
}

for (const name of ['schar', 'uchar', 'short', 'ushort', 'int', 'uint', 'wchar', 'float', 'double'])
    checkValues(name);
checkValues('long', [0, 1, 2, 5, 6]);
checkValues('ulong', [0, 1, 2]);
for (const name of ['llong', 'ullong', 'size'])
    checkValues(name, [0, 1]);
check('a string', ['text', null, ''], [Values.string_echo('text'), Values.string_echo(null), Values.string_get(1)]);
const strings = [];
Values.string_send((text, i) => strings.push([text, i]));
check('strings into callbacks', [[null, 0], ['', 1], ['text', 2]], strings);

// -- out arguments, boxed types, errors ---------------------------------------------------------------------------------------

check('out arguments', [true, ['a', 'b c']], GLib.shell_parse_argv("a 'b c'"));
check('bytes out', [0, 255], Array.from(GLib.base64_decode('AP8=')));
check('a variant', {a: [1, [2.5, 3.5]]}, new GLib.Variant('a{s(iad)}', {a: [1, [2.5, 3.5]]}).recursiveUnpack());
for (const [kind, value] of [['y', 255], ['n', -1], ['q', 65535], ['i', -(2 ** 31)], ['u', 2 ** 32 - 1], ['x', -(2 ** 52)], ['t', 2 ** 52],
    ['d', 2.5], ['s', 's'], ['b', true]])
    check(`a variant of ${kind}`, value, new GLib.Variant(kind, value).unpack());
try {
    Gio.File.new_for_path('/nonexistent').load_contents(null);
} catch (error) {
    check('an error', true, error.matches(Gio.IOErrorEnum, Gio.IOErrorEnum.NOT_FOUND));
}
const date = GLib.DateTime.new_utc(2024, 2, 29, 12, 30, 15.5);
check("a struct's functions", [[2024, 2, 29], 15.5], [date.get_ymd(), date.get_seconds()]);

// -- signals, properties, virtual functions -----------------------------------------------------------------------------------

const Thing = GObject.registerClass({
    Implements: [Gio.ListModel, Gio.Initable],
    Properties: {number: GObject.ParamSpec.int('number', '', '', GObject.ParamFlags.READWRITE, 0, 100, 3)},
    Signals: {
        weigh: {
            flags: GObject.SignalFlags.RUN_LAST,
            param_types: [GObject.TYPE_INT, GObject.TYPE_DOUBLE, GObject.TYPE_STRING, GObject.TYPE_BOOLEAN, GObject.TYPE_INT64, GObject.TYPE_UCHAR,
                GObject.TYPE_FLOAT],
            return_type: GObject.TYPE_DOUBLE,
        },
    },
}, class Thing extends GObject.Object {
    on_weigh(n, x, text, flag, large, small, real) {
        return n + x + text.length + Number(flag) + large + small + real;
    }

    vfunc_get_item_type() {
        return GObject.TYPE_OBJECT;
    }

    vfunc_get_n_items() {
        return 3;
    }

    vfunc_get_item(i) {
        return i < 3 ? new Gio.SimpleAction({name: `item${i}`}) : null;
    }

    vfunc_init(cancellable) {
        if (cancellable?.is_cancelled())
            throw new GLib.Error(Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED, 'cancelled');
        return true;
    }
});

const thing = new Thing();
check('a signal', 2 ** 40 + 17.25, thing.emit('weigh', 2, 1.5, 'text', true, 2 ** 40, 9, -0.25));
const seen = [];
const handler = thing.connect('weigh', (object, ...all) => seen.push(all) * 0);
thing.emit('weigh', 1, 2.0, '', false, -5, 255, 0.5);
check('a handler', [[1, 2.0, '', false, -5, 255, 0.5]], seen);
thing.disconnect(handler);
thing.connect('notify::number', (object, spec) => seen.push([object.number, spec.name]));
thing.number = 17;
check('a property', [17, 'number'], seen[1]);
check('virtual functions', [3, 'item2', null], [Gio.ListModel.prototype.get_n_items.call(thing), Gio.ListModel.prototype.get_item.call(thing, 2).name,
    Gio.ListModel.prototype.get_item.call(thing, 3)]);
check('a virtual function that succeeds', true, Gio.Initable.prototype.init.call(thing, null));
const cancelled = new Gio.Cancellable();
cancelled.cancel();
try {
    Gio.Initable.prototype.init.call(thing, cancelled);
} catch (error) {
    check('a virtual function that fails', [true, 'cancelled'], [error.matches(Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED), error.message]);
}

const store = Gio.ListStore.new(Gio.SimpleAction.$gtype);
for (let i = 0; i < 50; i++)
    store.append(new Gio.SimpleAction({name: `${100 + i * 37 % 50}`}));
store.sort((a, b) => b.name - a.name);
check('sorted', Array.from({length: 50}, (_, i) => `${149 - i}`), Array.from({length: 50}, (_, i) => store.get_item(i).name));

// -- the main loop: sources, asynchronous calls, D-Bus between two ends of a socket -----------------------------------------------

const loop = new GLib.MainLoop(null, false);
const later = starter => new Promise((resolve, reject) => starter(resolve, reject));

async function checkSources() {
    const order = [];
    await later(resolve => {
        for (let i = 0; i < 1000; i++) {
            GLib.idle_add(GLib.PRIORITY_DEFAULT_IDLE, () => {
                order.push(i);
                if (i % 200 === 0)
                    System.gc();
                if (i === 999)
                    resolve();
                return GLib.SOURCE_REMOVE;
            });
        }
    });
    check('a thousand idle functions', Array.from({length: 1000}, (_, i) => i), order);
    let nticks = 0;
    await later(resolve => GLib.timeout_add(GLib.PRIORITY_DEFAULT, 1, () => {
        if (++nticks < 5)
            return GLib.SOURCE_CONTINUE;
        resolve();
        return GLib.SOURCE_REMOVE;
    }));
    check('timeouts', 5, nticks);
}

async function checkFiles() {
    const [file, stream] = Gio.File.new_tmp('XXXXXX');
    const text = new TextEncoder().encode('contents '.repeat(10000));
    stream.close(null);
    await later(resolve => file.replace_contents_bytes_async(new GLib.Bytes(text), null, false, 0, null, (source, result) =>
        resolve(source.replace_contents_finish(result))));
    const got = await later(resolve => file.load_contents_async(null, (source, result) => resolve(source.load_contents_finish(result)[1])));
    check('a file', [text.length, true], [got.length, got.every((byte, i) => byte === text[i])]);
    file.delete(null);
    const process = Gio.Subprocess.new(['cat'], Gio.SubprocessFlags.STDIN_PIPE | Gio.SubprocessFlags.STDOUT_PIPE);
    check('a child', 'there and back', await later(resolve => process.communicate_utf8_async('there and back', null, (source, result) =>
        resolve(source.communicate_utf8_finish(result)[1]))));
}

const INTERFACE = `<node><interface name="org.example.Kinds">
    <method name="Turn"><arg type="i" direction="in"/><arg type="d" direction="in"/><arg type="s" direction="in"/><arg type="ax" direction="in"/>
        <arg type="s" direction="out"/></method>
    <property name="Number" type="u" access="readwrite"/>
    <signal name="Turned"><arg type="t"/><arg type="y"/></signal>
</interface></node>`;

async function checkBus() {
    const ends = {};
    const address = `unix:abstract=${GLib.uuid_string_random()}`;
    const server = Gio.DBusServer.new_sync(address, Gio.DBusServerFlags.AUTHENTICATION_ALLOW_ANONYMOUS, Gio.dbus_generate_guid(), null, null);
    const accepted = later(resolve => server.connect('new-connection', (_, connection) => {
        ends.server = connection;
        resolve();
        return true;
    }));
    server.start();
    ends.client = await later(resolve => Gio.DBusConnection.new_for_address(server.get_client_address(), Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT,
        null, null, (_, result) => resolve(Gio.DBusConnection.new_for_address_finish(result))));
    await accepted;
    const object = Gio.DBusExportedObject.wrapJSObject(INTERFACE, {
        Turn: (i, d, s, ax) => `${i} ${d} ${s} ${ax}`,
        Number: 7,
    });
    object.export(ends.server, '/kinds');
    const turned = later(resolve => ends.client.signal_subscribe(null, 'org.example.Kinds', 'Turned', '/kinds', null, Gio.DBusSignalFlags.NONE,
        (connection, sender, path, name, signal, parameters) => resolve([path, name, signal, parameters.recursiveUnpack()])));
    const call = (name, method, parameters) => later(resolve => ends.client.call(null, '/kinds', name, method, parameters, null, Gio.DBusCallFlags.NONE, -1,
        null, (source, result) => resolve(source.call_finish(result).recursiveUnpack())));
    check('a method', ['-7 2.5 text 1,-2'], await call('org.example.Kinds', 'Turn', new GLib.Variant('(idsax)', [-7, 2.5, 'text', [1, -2]])));
    check("a bus property", [7], await call('org.freedesktop.DBus.Properties', 'Get', new GLib.Variant('(ss)', ['org.example.Kinds', 'Number'])));
    object.emit_signal('Turned', new GLib.Variant('(ty)', [2 ** 40, 255]));
    check('a bus signal', ['/kinds', 'org.example.Kinds', 'Turned', [2 ** 40, 255]], await turned);
    server.stop();
}

let failure;
checkSources().then(checkFiles).then(checkBus).catch(error => (failure = error)).finally(() => loop.quit());
loop.run();
check('no exception', undefined, failure && `${failure}\n${failure.stack}`);

// An exception in a callback is told, and C has a zero.
GLib.log_set_writer_func(() => GLib.LogWriterOutput.HANDLED);
check('an exception in a callback', 0, Values.int_send(() => {
    throw new Error('out of a callback');
}));

print(`${nchecks} checks`);
