"""The way into the websocket, step by step (§3): when to log in, what an answer means, when to stop."""

from urllib.parse import parse_qs

from hypothesis import given, strategies as st
import pytest

from custom_components.dio_chacon.protocol.errors import AuthError, ConnectError, ThrottledError
from custom_components.dio_chacon.protocol.login import Credentials, Login

from .strategies import JSON, STATUSES

TOKENS = [f"r:{digit * 32}" for digit in "0123456789"]
CREDENTIALS = Credentials("someone@example.org", "correct horse", "ha-sample")
BODY = {
    "email": "someone@example.org",
    "password": "correct horse",
    "installationId": "ha-sample",
}


def granted(token: str = TOKENS[0]) -> dict[str, object]:
    """Build the answer that holds a token."""
    return {"status": 200, "data": {"sessionToken": token}}


@pytest.fixture
def login() -> Login:
    """Give a login that has not begun."""
    return Login(CREDENTIALS)


@pytest.fixture
def with_token(login: Login) -> Login:
    """Give a login that has a token which was accepted long ago."""
    login.answered(200, granted(), None, 0.0)
    login.accepted()
    return login


def test_credentials_stay_hidden() -> None:
    """No repr shows them."""
    assert repr(CREDENTIALS) == "Credentials()"


def test_token_comes_first(login: Login) -> None:
    """Without a token: log in, then open the websocket with the token alone, its colon as it is."""
    assert login.request(0.0) == BODY
    assert not login.has_token
    login.answered(200, granted(), None, 0.0)
    assert login.has_token
    assert login.request(0.0) is None
    assert login.query() == f"sessionToken={TOKENS[0]}"


def test_token_is_kept_across_connections(with_token: Login) -> None:
    """Each login makes another session on the server, so a lost link is no reason for one."""
    for _ in range(1000):
        assert with_token.request(1e6) is None
        assert with_token.query() == f"sessionToken={TOKENS[0]}"
        with_token.accepted()


@pytest.mark.parametrize("http_status", [200, 400, 401, 500])
@pytest.mark.parametrize("status", [400, 401, 403])
def test_refused_login(login: Login, http_status: int, status: int) -> None:
    """The body decides, whatever HTTP says."""
    body = {"status": status, "data": "Invalid username/password."}
    with pytest.raises(AuthError) as caught:
        login.answered(http_status, body, None, 0.0)
    assert "Invalid username" not in str(caught.value)
    assert not login.has_token


@pytest.mark.parametrize(
    ("http_status", "body"),
    [
        *((status, None) for status in (200, 301, 302, 400, 401, 403, 500, 502, 503, 504)),
        (502, {}),
        (400, {"error": "bad"}),
        (200, {"data": {"sessionToken": TOKENS[0]}, "status": "200"}),
        (200, {"status": None}),
        (200, {"status": True, "data": {"sessionToken": TOKENS[0]}}),
        (200, {"status": 200}),
        (200, {"status": 200, "data": None}),
        (200, {"status": 200, "data": "token"}),
        (200, {"status": 200, "data": {}}),
        (200, {"status": 200, "data": {"sessionToken": None}}),
        (200, {"status": 200, "data": {"sessionToken": ""}}),
        (200, {"status": 200, "data": {"sessionToken": 7}}),
        (200, {"status": 200, "data": {"sessionToken": ["r:0"]}}),
        (200, {"status": 500, "data": {"sessionToken": TOKENS[0]}}),
        (200, {"status": 201, "data": {"sessionToken": TOKENS[0]}}),
        (200, {"status": 0}),
        (200, {"status": -1}),
    ],
    ids=str,
)
def test_no_verdict(login: Login, http_status: int, body: dict[str, object] | None) -> None:
    """Whatever is no verdict on the credentials is a problem of the connection: try again."""
    with pytest.raises(ConnectError) as caught:
        login.answered(http_status, body, None, 0.0)
    assert caught.value.retry_after_s is None
    assert TOKENS[0] not in str(caught.value)
    assert not login.has_token
    assert login.request(0.0) == BODY


@pytest.mark.parametrize(
    ("http_status", "body"),
    [
        *((status, None) for status in (404, 405, 410)),
        (404, {}),
        (200, {"status": 404, "data": "no such function"}),
        (404, {"status": 410}),
    ],
    ids=str,
)
def test_login_that_is_gone(login: Login, http_status: int, body: dict[str, object] | None) -> None:
    """Without the endpoint the password goes into the query of the websocket."""
    login.answered(http_status, body, None, 0.0)
    assert login.request(0.0) is None
    assert not login.has_token
    assert parse_qs(login.query(), strict_parsing=True) == {
        "email": ["someone@example.org"],
        "password": ["correct horse"],
        "serviceName": ["ha-sample"],
    }


@pytest.mark.parametrize(
    ("http_status", "body", "asked", "wait"),
    [
        (429, None, None, 60),
        (429, None, 5.0, 60),
        (429, None, 0.0, 60),
        (429, None, 120.0, 120),
        (200, {"status": 429}, None, 60),
        (429, {"status": 429}, 600.0, 600),
        (429, {}, None, 60),
    ],
    ids=str,
)
def test_login_throttled(
    login: Login,
    http_status: int,
    body: dict[str, object] | None,
    asked: float | None,
    wait: float,
) -> None:
    """Too many logins: at least a minute, or as long as the server asks for."""
    with pytest.raises(ThrottledError) as caught:
        login.answered(http_status, body, asked, 0.0)
    assert caught.value.retry_after_s == wait


def test_login_503_with_retry_after(login: Login) -> None:
    """A server in maintenance that says for how long is taken at its word."""
    with pytest.raises(ConnectError) as caught:
        login.answered(503, None, 120.0, 0.0)
    assert caught.value.retry_after_s == 120


def test_expired_token_is_replaced_once(with_token: Login) -> None:
    """§3.4.3: drop the token, log in once more at once; the new one works."""
    assert with_token.refused() is True
    assert not with_token.has_token
    assert with_token.request(1000.0) == BODY
    with_token.answered(200, granted(TOKENS[1]), None, 1000.0)
    assert with_token.query() == f"sessionToken={TOKENS[1]}"
    with_token.accepted()
    assert with_token.refused() is True  # months later the same again


def test_expired_token_and_changed_password(with_token: Login) -> None:
    """The login that follows is refused: then it is the password."""
    assert with_token.refused() is True
    with pytest.raises(AuthError):
        with_token.answered(200, {"status": 400, "data": "Invalid"}, None, 1000.0)


def test_refused_token_gets_one_more_login(login: Login) -> None:
    """A token that never got us in is replaced as well, but only once: never loop."""
    login.answered(200, granted(TOKENS[0]), None, 0.0)
    assert login.refused() is True
    assert login.request(0.0) == BODY
    login.answered(200, granted(TOKENS[1]), None, 0.0)
    with pytest.raises(AuthError):
        login.refused()


def test_fresh_token_refused_after_greeting(with_token: Login) -> None:
    """A greeting alone is no acceptance: what is refused before all is read counts as refused again."""
    assert with_token.refused() is True
    with_token.answered(200, granted(TOKENS[1]), None, 1000.0)
    # Greeted, but the list was answered with 401: accepted() never came.
    with pytest.raises(AuthError):
        with_token.refused()


def test_refused_password_is_never_repeated(login: Login) -> None:
    """A password in the query that is refused at the greeting is wrong."""
    login.answered(404, None, None, 0.0)
    login.query()
    with pytest.raises(AuthError):
        login.refused()


def test_password_refused_in_mid_session(login: Login) -> None:
    """A password that got us in is tried once more, through the back-off; refused then, it is wrong."""
    login.answered(404, None, None, 0.0)
    login.query()
    login.accepted()
    assert login.refused() is False
    login.query()
    with pytest.raises(AuthError):
        login.refused()


def test_logins_are_few(login: Login) -> None:
    """Two in a row, for a token that expired at once; then at most so many a minute, however often one is wanted."""
    logins, waits = 0, []
    for second in range(600):
        now = 1000.0 + second
        try:
            body = login.request(now)
        except ThrottledError as err:
            waits.append(err.retry_after_s)
            continue
        if body is not None:
            logins += 1
            login.answered(200, granted(TOKENS[logins % 10]), None, now)
            login.accepted()
        assert login.refused() is True
    assert 2 <= logins <= 20
    assert all(wait and 0 < wait <= 60 for wait in waits)


def test_wait_that_is_asked_for_is_enough(login: Login) -> None:
    """After the wait of the error the next login is allowed."""
    now = 0.0
    for _ in range(2):
        assert login.request(now) == BODY
        login.answered(200, granted(), None, now)
        login.accepted()
        login.refused()
    with pytest.raises(ThrottledError) as caught:
        login.request(now)
    assert caught.value.retry_after_s is not None
    assert login.request(now + caught.value.retry_after_s) == BODY


@given(
    st.integers(100, 599),
    st.one_of(
        st.none(),
        st.fixed_dictionaries(
            {},
            optional={
                "status": STATUSES,
                "data": st.one_of(JSON, st.fixed_dictionaries({"sessionToken": JSON})),
            },
        ),
        st.dictionaries(st.text(max_size=8), JSON),
    ),
    st.one_of(st.none(), st.floats(0, 3600)),
)
def test_any_answer(http_status: int, body: dict[str, object] | None, asked: float | None) -> None:
    """Any answer is a token, the other way in, or one of the two errors."""
    login = Login(CREDENTIALS)
    try:
        login.answered(http_status, body, asked, 0.0)
    except (AuthError, ConnectError) as err:
        assert not login.has_token
        if isinstance(err, AuthError):
            assert body
            assert body["status"] in {400, 401, 403}
        return
    assert login.request(0.0) is None
    assert login.query().isascii()
    assert ("sessionToken" in login.query()) is login.has_token


@given(
    st.lists(
        st.sampled_from(("granted", "bad", "gone", "down", "greeted", "refused", "wait")),
        max_size=40,
    )
)
def test_any_course(steps: list[str]) -> None:
    """In any order of events logins stay few, and a refused password ends it."""
    login, now, logins = Login(CREDENTIALS), 0.0, [-1e9] * 3
    for step in steps:
        if step == "wait":
            now += 61.0
            continue
        try:
            body = login.request(now)
        except ThrottledError:
            continue
        try:
            if body is not None:
                match step:
                    case "granted":
                        login.answered(200, granted(), None, now)
                        logins.append(now)
                    case "bad":
                        login.answered(200, {"status": 400}, None, now)
                    case "gone":
                        login.answered(404, None, None, now)
                    case _:
                        login.answered(502, None, None, now)
            elif step == "refused":
                login.refused()
            elif step == "greeted":
                login.accepted()
        except AuthError:
            return
        except ConnectError:
            assert body is not None
        assert logins[-1] - logins[-3] >= 60 or logins[-3] < 0
