//! Originals open with a key in a security module: SoftHSM2 behind its PKCS #11 library, next to OpenSC's tools.

use crate::support::token::Desk;

#[test]
fn a_recording_opens_bit_for_bit_with_every_kind_of_key() {
    let desk = Desk::recording();
    desk.done(
        "openssl req -x509 -newkey rsa:2048 -nodes -keyout rsa.key -subj /CN=rsa -addext keyUsage=keyEncipherment \
             -days 400 -out certs/rsa.pem 2> /dev/null
         softhsm2-util --import rsa.key --token desk --label rsa --id 02 --pin 1234 > /dev/null
         tool --keypairgen --key-type EC:secp384r1 --usage-derive --id 03 --label p384 > /dev/null
         # SubjectPublicKeyInfo of P-384 up to the point, and the point without its OCTET STRING
         point=$(tool -O --type pubkey | sed -n 's/^ *EC_POINT: *0461//p')
         echo \"3076301006072A8648CE3D020106052B81040022036200${point^^}\" | basenc --base16 -d > p384.der
         openssl pkey -pubin -inform DER -in p384.der -out p384.pub
         echo keyUsage=keyAgreement > usage
         openssl x509 -new -force_pubkey p384.pub -subj /CN=p384 -CA certs/desk.pem -CAkey desk.key -days 400 \
             -extfile usage -out certs/p384.pem 2> /dev/null
         capture camera.mp4 | encrypt-stream -q -r certs -o all.vv
         decrypt-stream -i desk.key all.vv > by-file",
    );
    assert!(desk.0.size("by-file") > 1000);
    for query in
        ["token=desk&id=01", "token=desk&id=02", "token=desk&id=03", "token=desk&object=p384", "token=desk", ""]
    {
        desk.done(&format!("decrypt-stream -i \"$(token '{query}')\" --pin-file pin all.vv | cmp - by-file"));
    }
    // the one key only, and not whatever the token has
    desk.done("capture camera.mp4 | encrypt-stream -q -r certs/rsa.pem -o rsa.vv");
    let (status, line) = desk.fails("decrypt-stream -i \"$(token id=03)\" --pin-file pin rsa.vv");
    assert_eq!((status, &line[..]), (Some(4), "none of the given keys is a recipient of key session 0"));
}

#[test]
fn every_reader_takes_it() {
    let desk = Desk::recording();
    desk.done(
        "desk=$(token 'token=desk&id=01')
         view -i \"$desk\" --pin-file pin sealed.vv -o seen.mp4
         same packets \"$(packets camera.mp4)\" \"$(packets seen.mp4)\"
         verify -q -i \"$desk\" --pin-file pin sealed.vv > /dev/null
         protect -q -i \"$desk\" --pin-file pin sealed.vv > public.vv
         enroll-cert -q --generate --name other --key other.key -o other.pem
         rewrap -q -i \"$desk\" --pin-file pin -r other.pem < sealed.vv > other.vv
         decrypt-stream -i other.key other.vv > a
         decrypt-stream -i desk.key sealed.vv > b
         cmp a b",
    );
    assert!(desk.0.size("public.vv") > 0);
}

#[test]
fn both_forms_of_the_uri_and_every_way_to_the_pin() {
    let desk = Desk::recording();
    desk.done("decrypt-stream -i desk.key sealed.vv > by-file");
    for arguments in [
        "-i \"pkcs11:token=desk;object=original;id=%01?module-path=$module&pin-source=pin\"",
        "-i \"pkcs11:model=SoftHSM%20v2;type=private?pin-source=file:$PWD/pin&module-path=$module\"",
        "-i \"$(token 'token=desk&pin-source=pin')\" --pin-file wrong",
        "-i \"$(token id=01)\" --pin-fd 7 7< pin",
        "-i \"$(token id=01)\" --pin-fd 7 7< <(cat pin; echo more)",
        // a descriptor is read once, and a token logged in to once
        "-i \"$(token id=01)\" -i \"$(token token=desk)\" --pin-fd 7 7< <(cat pin)",
    ] {
        desk.done(&format!("decrypt-stream {arguments} sealed.vv | cmp - by-file"));
    }
    // util-linux's script gives the command a terminal
    desk.done(
        "export I=$(token 'token=desk&id=01')
         echo 1234 | script -qefc 'verify -i \"$I\" sealed.vv sealed.vv; echo; echo exit $?' /dev/null > shown",
    );
    let shown = desk.0.text("shown");
    assert_eq!(shown.matches("PIN of the token \"desk\": ").count(), 1, "{shown}");
    assert!(shown.contains("exit 0"), "{shown}");
    let (status, line) = desk.fails("setsid -w decrypt-stream -i \"$(token id=01)\" sealed.vv");
    assert_eq!((status, &line[..]), (Some(5), "a PIN is needed, and there is no terminal to ask for it"));
}

/// OpenSC's spy stands between, and writes down every call.
#[test]
fn a_recording_takes_one_login_and_one_operation() {
    let desk = Desk::recording();
    desk.done(
        "export PKCS11SPY=$module PKCS11SPY_OUTPUT=$PWD/calls
         decrypt-stream -i \"pkcs11:$(ls /usr/lib/*/pkcs11-spy.so)?token=desk\" --pin-file pin sealed.vv > /dev/null",
    );
    let calls = desk.0.text("calls");
    let count = |name: &str| calls.lines().filter(|line| line.ends_with(&format!(": {name}"))).count();
    assert_eq!((count("C_Login"), count("C_DeriveKey"), count("C_DestroyObject")), (1, 1, 1), "{calls}");
    assert_eq!((count("C_Logout"), count("C_CloseSession")), (1, 1), "{calls}");
}

#[test]
fn its_certificate_is_enrolled_from_the_token() {
    let desk = Desk::recording();
    desk.done(
        "enroll-cert -q --from-token \"$(token 'token=desk&id=01')\" -o new/desk.pem
         cmp certs/desk.pem new/desk.pem
         openssl x509 -new -key desk.key -force_pubkey <(openssl pkey -in desk.key -pubout) -subj /CN=old -days 400 \
             -extfile <(echo keyUsage=digitalSignature) -outform DER -out signing.der
         tool --write-object signing.der --type cert --id 0b --label signing > /dev/null",
    );
    let enrol = |query: &str| desk.fails(&format!("enroll-cert --from-token \"$(token '{query}')\" -o new/x.pem"));
    let (status, line) = enrol("token=desk&id=ff");
    assert!(status == Some(4) && line.starts_with("there is no certificate at "), "{status:?} {line}");
    let (status, line) = enrol("token=desk&id=0b");
    assert!(status == Some(4) && line.starts_with("it cannot be used: "), "{status:?} {line}");
    assert_eq!(enrol("token=gate").0, Some(5));
    assert!(!desk.0.exists("new/x.pem"));
}

#[test]
fn a_uri_says_what_it_says() {
    use vidveil::devices::pkcs11::{TokenUri, UriError};
    let parsed = |text: &str| TokenUri::parse(text);
    let wanted = TokenUri {
        module: "/m o/x.so".into(),
        token: Some("a&b;c".into()),
        id: Some(vec![0x01, b'a', 0xff]),
        object: Some("Schlüssel".into()),
        pin_source: Some("/run/pin".into()),
        ..Default::default()
    };
    let rfc =
        "pkcs11:token=a%26b%3bc;id=%01a%FF;object=Schl%C3%BCssel?pin-source=file:/run/pin&module-path=/m%20o/x.so";
    assert_eq!(parsed(rfc).as_ref(), Ok(&wanted));
    let short = "pkcs11:/m o/x.so?token=a%26b;c&id=0161ff&object=Schlüssel&pin-source=file:///run/pin";
    assert_eq!(parsed(short).as_ref(), Ok(&wanted));
    assert_eq!(parsed("pkcs11:./x.so").unwrap().module.to_str(), Some("./x.so"));
    for (text, error) in [
        ("pkcs12:/m.so", UriError::Scheme),
        ("pkcs11:/m.so?token", UriError::NoValue("token".into())),
        ("pkcs11:/m.so?token=%", UriError::Encoding("token".into())),
        ("pkcs11:/m.so?token=%4", UriError::Encoding("token".into())),
        ("pkcs11:/m.so?token=%4é", UriError::Encoding("token".into())),
        ("pkcs11:/m.so?token=%+1", UriError::Encoding("token".into())),
        ("pkcs11:/m.so?token=%FF", UriError::Encoding("token".into())),
        ("pkcs11:/m.so?id=012", UriError::Id),
        ("pkcs11:/m.so?id=", UriError::Id),
        ("pkcs11:/m.so?id=01&id=01", UriError::Twice("id".into())),
        ("pkcs11:/m.so?module-path=/n.so", UriError::Twice("module-path".into())),
        ("pkcs11:token=a;slot-id=1?module-path=/m.so", UriError::Unknown("slot-id".into())),
        ("pkcs11:token=a?module-name=x", UriError::Unknown("module-name".into())),
        ("pkcs11:x.so", UriError::NoModule),
        ("pkcs11:?token=a", UriError::NoModule),
        ("pkcs11:/m.so?pin-value=1", UriError::PinValue),
        ("pkcs11:/m.so?pin-source=|cat%20x", UriError::PinSource),
    ] {
        assert_eq!(parsed(text), Err(error), "{text}");
    }
}

#[test]
fn what_is_missing_is_reported_with_what_is_there() {
    let desk = Desk::recording();
    desk.done(
        "softhsm2-util --init-token --free --label spare --pin 4321 --so-pin 8765 > /dev/null
         softhsm2-util --import desk.key --token desk --label signing --id 0a --pin 1234 > /dev/null",
    );
    let open = |query: &str| desk.fails(&format!("decrypt-stream -i \"$(token '{query}')\" --pin-file pin sealed.vv"));
    for (query, expected) in [
        ("token=gate", "the module has no token \"gate\"; it has "),
        ("id=01", "several tokens could be meant: "),
        ("token=desk&id=ff", "the token \"desk\" has no private key with id ff; it has "),
        ("token=desk&object=no", "the token \"desk\" has no private key \"no\"; it has "),
        (
            "token=desk&id=0a",
            "the key \"signing\" (id 0a) of the token \"desk\" cannot open streams: it is not for key agreement",
        ),
    ] {
        let (status, line) = open(query);
        assert_eq!(status, Some(5), "{line}");
        assert!(line.starts_with(expected), "{line}");
    }
    assert!(open("token=gate").1.contains("\"spare\" (serial "));
    assert!(open("token=desk&id=ff").1.contains("\"original\" (id 01)"));

    let module = |path: &str| desk.fails(&format!("decrypt-stream -i 'pkcs11:{path}?token=desk' sealed.vv"));
    for (path, reason) in [("/no/such.so", "No such file or directory"), ("./pin", "file too short")] {
        let (status, line) = module(path);
        assert_eq!(status, Some(5), "{line}");
        let expected = format!("cannot load the PKCS #11 module \"{path}\": ");
        assert!(line.starts_with(&expected) && line.contains(reason), "{line}");
    }
    // the loader must not go and search
    assert_eq!(module("libsofthsm2.so").0, Some(2));
    for value in
        ["pkcs11:", "pkcs11:token=desk", "pkcs11:/m.so?id=0", "pkcs11:/m.so?pin-value=1234", "pkcs11:/m.so?slot=1"]
    {
        let (status, line) = desk.fails(&format!("decrypt-stream -i '{value}' sealed.vv"));
        assert_eq!(status, Some(2), "{value}: {line}");
        assert!(line.starts_with("cannot use "), "{line}");
        assert!(!line.contains("1234"), "a PIN is repeated: {line}");
    }
}

#[test]
fn a_wrong_pin_a_last_try_and_a_blocked_token() {
    const LAST_TRY: u64 = 0x0002_0000;
    const LOCKED: u64 = 0x0004_0000;
    let desk = Desk::recording();
    let open = |pin: &str| {
        desk.fails(&format!("decrypt-stream -i \"$(token token=desk)\" --pin-file {pin} sealed.vv > /dev/null"))
    };
    let (status, line) = open("wrong");
    assert_eq!((status, &line[..]), (Some(5), "wrong PIN for the token \"desk\", few tries are left"));
    assert_eq!(open("pin").0, Some(0));

    // not even with the right one: a file cannot know that it is the last
    desk.set_token_flags(LAST_TRY);
    let (status, line) = open("pin");
    assert_eq!((status, &line[..]), (Some(5), "there is one try left for the PIN of the token \"desk\""));
    desk.done(
        "export I=$(token token=desk)
         echo 1234 | script -qefc 'decrypt-stream -i \"$I\" sealed.vv > opened' /dev/null > shown
         decrypt-stream -i desk.key sealed.vv | cmp - opened",
    );
    assert!(desk.0.text("shown").contains("the last try: a wrong one blocks it"));

    desk.set_token_flags(LOCKED);
    let (status, line) = open("pin");
    assert_eq!((status, &line[..]), (Some(5), "the PIN of the token \"desk\" is blocked"));
}

/// SoftHSM2's own OAEP knows SHA-1 only: that is reported, and not taken for a forged stream.
#[test]
fn a_token_without_the_bare_operation_does_all_of_it_or_says_so() {
    let desk = Desk::new();
    desk.done(
        "openssl req -x509 -newkey rsa:2048 -nodes -keyout rsa.key -subj /CN=rsa -addext keyUsage=keyEncipherment \
             -days 400 -out rsa.pem 2> /dev/null
         softhsm2-util --import rsa.key --token desk --label rsa --id 02 --pin 1234 > /dev/null
         scene camera.mp4 160x120 1
         capture camera.mp4 | encrypt-stream -q -r rsa.pem -o sealed.vv
         decrypt-stream -i \"$(token id=02)\" --pin-file pin sealed.vv > /dev/null
         echo 'slots.mechanisms = CKM_RSA_PKCS_OAEP,CKM_SHA_1' >> softhsm2.conf",
    );
    let (status, line) = desk.fails("decrypt-stream -i \"$(token id=02)\" --pin-file pin sealed.vv > /dev/null");
    assert_eq!(status, Some(5), "{line}");
    assert_eq!(line, "the module of the token \"desk\" failed: C_DecryptInit: CKR_ARGUMENTS_BAD");
}
